using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Hosting.Tls;

namespace Pico.Cli.Settings;

/// <summary>The options of TLS, the same on every port.</summary>
internal static class PortTlsSettings
{
    public static OptionSet<TlsOptions> Definitions(string prefix, string aboutClientAuth = "") => new OptionSet<TlsOptions>()
        .Add(
            $"{prefix}.certificate-file", OptionTypes.ExistingFile, o => o.CertificateFile, (o, v) => o.CertificateFile = v,
            "The certificate (PEM) with which the port speaks TLS, followed by intermediate ones. Read again when it changes. Without it: no TLS.")
        .Add(
            $"{prefix}.key-file", OptionTypes.ExistingFile, o => o.KeyFile, (o, v) => o.KeyFile = v,
            "The private key (PEM) of that certificate. Read again when it changes.")
        .Add(
            $"{prefix}.client-ca-file", OptionTypes.ExistingFile, o => o.ClientCaFile, (o, v) => o.ClientCaFile = v,
            "The authorities (PEM) whose certificates clients may show, several for a rotation. Read again when it changes.")
        .Add(
            $"{prefix}.client-auth",
            OptionTypes.Choice(("auto", TlsClientAuth.Auto), ("off", TlsClientAuth.Off), ("request", TlsClientAuth.Request), ("require", TlsClientAuth.Require)),
            o => o.ClientAuth, (o, v) => o.ClientAuth = v,
            "Whether clients need a certificate (mTLS): require; request, which lets those without one in but nobody with a wrong one; or off. auto is require if "
            + "there is a client CA file, else off." + aboutClientAuth);
}
