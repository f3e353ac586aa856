namespace Pico.Server.Limits;

/// <summary>A request that was counted in (<see cref="RequestLimits.TryEnter"/>), or none. Not to be copied: whoever has it exits once.</summary>
internal struct RequestPermit
{
    private Load? _endpoint;
    private KeyedLoad? _client;
    private readonly bool _isRented;

    public RequestPermit(Load endpoint, KeyedLoad? client, bool isRented) => (_endpoint, _client, _isRented) = (endpoint, client, isRented);

    /// <summary>Counts the request out. Again, or without one, it does nothing.</summary>
    public void Exit()
    {
        _endpoint?.Exit();
        _client?.Requests.Exit();
        if (_isRented)
            _client?.Return();
        (_endpoint, _client) = (null, null);
    }
}
