namespace Pico.Configuration.Types;

/// <summary>On or off.</summary>
internal sealed class SwitchType : OptionType<bool>
{
    public override string Name => "bool";

    public override string Allowed => "true or false";

    public override bool IsSwitch => true;

    public override bool TryParse(string text, out bool value) => bool.TryParse(text, out value);

    public override string Format(bool value) => value ? "true" : "false";
}
