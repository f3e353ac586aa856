using System.Text;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Auth;

public sealed class ClientCredentialTests
{
    [Theory]
    [InlineData("", "", false)]
    [InlineData("A:one", "one", true)]
    [InlineData("P:one", "one", false)]
    [InlineData("A:one P:two", "two", false)]
    [InlineData("P:two A:one", "two", false)]
    [InlineData("A:one A:two P:three", "three", false)]
    [InlineData("A:one A:one", "(repeated)", true)]
    [InlineData("P:one P:one", "(repeated)", false)]
    [InlineData("P:one A:two P:one", "(repeated)", false)]
    public void Credential_IsTheOwnHeaderElseAuthorization(string fields, string expected, bool inAuthorization)
    {
        ClientCredential credential = default;
        foreach (var field in fields.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            credential.Take(field[0] == 'P' ? KnownHeader.PicoAuthorization : KnownHeader.Authorization, Encoding.ASCII.GetBytes(field[2..]));
        credential.Take(KnownHeader.Other, "other"u8);

        Assert.Equal(expected, credential.IsRepeated ? "(repeated)" : Encoding.ASCII.GetString(credential.Value));
        Assert.Equal(inAuthorization, credential.IsInAuthorization);
        Assert.True(!credential.IsRepeated || credential.Value.IsEmpty);
    }
}
