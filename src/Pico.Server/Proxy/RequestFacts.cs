namespace Pico.Server.Proxy;

/// <summary>What is known of a request when it is over, whichever path carried it. For metrics and logs.</summary>
/// <param name="EndpointId">The endpoint in lower case; empty if it isn't registered (names made up by strangers must not become labels).</param>
/// <param name="Status">The status sent to the client; 0 if none was.</param>
/// <param name="Error">Whose fault ended it, if any. After the response began, the status is the service's nevertheless.</param>
/// <param name="Duration">From the request's head to the end of the response or of the upgraded stream.</param>
/// <param name="HttpVersion">10, 11 or 20.</param>
/// <param name="Upgraded">It became a WebSocket or another upgraded stream.</param>
internal readonly record struct RequestFacts(
    string EndpointId, int Status, ProxyError Error, TimeSpan Duration, byte HttpVersion, bool Upgraded);

/// <summary>Is told of every request that is over. Called on the request's own thread: it returns at once and never throws.</summary>
internal interface IRequestObserver
{
    /// <summary>A request is over.</summary>
    void OnFinished(in RequestFacts facts);
}
