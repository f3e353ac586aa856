namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>
/// Requests that some recipient would read otherwise than another, for the lean path in memory and for real processes over sockets. The endpoint <c>orders</c>
/// exists; wherever <see cref="Smuggled"/> stands behind one of them, it must reach nobody.
/// </summary>
public static class HostileRequests
{
    /// <summary>What is hidden behind another request.</summary>
    public const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: orders.test\r\n\r\n";

    /// <summary>Fields that make a request's framing ambiguous. The request is <c>POST / HTTP/1.1</c> with a good Host.</summary>
    public static TheoryData<string> BadFields { get; } =
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: 5\r\nX: y\r\ncontent-length: 6",
        "Content-Length: 5, 5",
        "Content-Length: 5,",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5;",
        "Content-Length: 5.0",
        "Content-Length: 05",
        "Content-Length: 5e0",
        "Content-Length:",
        "Content-Length: \v5",
        "Content-Length: \u00b2",
        "Content-Length: 9223372036854775808",
        "Content-Length: 18446744073709551621",
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Content_Length: 5",
        "content_length: 5",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: , chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked x",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunke\u0064\u0000",
        "Transfer-Encoding: \vchunked",
        "Transfer-Encoding: chunked\f",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer_Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding\r\n: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "X: y\r\n\tTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\r\r\nTransfer-Encoding: chunked",
        "\rTransfer-Encoding: chunked",
        "X: y\n",
        "X: a\u0000b",
        "X: a\u007fb",
        "X: a\u0001b",
        "X\u0000: a",
        "X Y: a",
        "X(: a",
        "X\u00e9: a",
        ": a",
        "no colon",
        "Host: orders.test",
        "Host: other.test",
    ];

    /// <summary>Heads that are no requests.</summary>
    public static TheoryData<string> BadHeads { get; } =
    [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test/x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test:80:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test:port\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test, other.test\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: orders.test\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: orders.test\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u0001 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u007f HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /#fragment HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\rx HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test\r\n\n",
        "GET / HTTP/1.2\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/0.9\r\nHost: orders.test\r\n\r\n",
        "GET / http/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.10\r\nHost: orders.test\r\n\r\n",
        "GET /\r\nHost: orders.test\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "G\u00e9T / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET orders HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET orders.test:80 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET ftp://orders.test/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http://user@orders.test/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http://orders.test/ HTTP/1.1\r\n\r\n",
        "CONNECT orders.test:80 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    /// <summary>Chunked bodies that are none.</summary>
    public static TheoryData<string> BadChunks { get; } =
    [
        "5 \r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5;x\nhello\r\n0\r\n\r\n",
        "5;x\rhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "0\r\nHost: other.test\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
    ];

    /// <summary>Fields that name no endpoint, or try to write into the head that the service gets. Answered with 400; the connection goes on.</summary>
    public static TheoryData<string> BadEndpoints { get; } =
    [
        "Host: x.test\r\nx-pico-endpoint: orders%0d%0aX-Injected: 1",
        "Host: x.test\r\nx-pico-endpoint: orders\\r\\nX-Injected: 1",
        "Host: x.test\r\nx-pico-endpoint: orders, victim",
        "Host: x.test\r\nx-pico-endpoint: orders victim",
        "Host: x.test\r\nx-pico-endpoint: orders/../victim",
        "Host: x.test\r\nx-pico-endpoint: orders.test",
        "Host: x.test\r\nx-pico-endpoint: orders:80",
        "Host: x.test\r\nx-pico-endpoint: \"orders\"",
        "Host: x.test\r\nx-pico-endpoint: or_ders",
        "Host: x.test\r\nx-pico-endpoint: -orders",
        "Host: x.test\r\nx-pico-endpoint: orders-",
        "Host: x.test\r\nx-pico-endpoint: ord\u00e9rs",
        "Host: x.test\r\nx-pico-endpoint:",
        "Host: x.test\r\nx-pico-endpoint: orders\r\nx-pico-endpoint: victim",
        "Host: x.test\r\nx-pico-endpoint: victim\r\nX-PICO-ENDPOINT: orders",
        "Host: x.test\r\nx-pico-endpoint: " + new string('a', 64),
        "Host: orders%00.test",
        "Host: orders%2evictim.test",
        "Host: -orders.test",
        "Host: " + new string('a', 64) + ".test",
        "Host: " + new string('a', 400) + ".test",
        "Host: orders",
        "Host: 10.0.0.1",
        "Host: [::1]",
        "Host:",
    ];

    /// <summary>Requests with something too large in them, and their status.</summary>
    public static TheoryData<string, int> Oversized { get; } = new()
    {
        { "GET /" + new string('a', 40_000) + " HTTP/1.1\r\nHost: orders.test\r\n\r\n", 431 },
        { new string('A', 40_000) + " / HTTP/1.1\r\nHost: orders.test\r\n\r\n", 431 },
        { "GET / HTTP/1.1\r\nHost: orders.test\r\nX: " + new string('a', 40_000) + "\r\n\r\n", 431 },
        { "GET / HTTP/1.1\r\nHost: orders.test\r\n" + new string('a', 40_000) + ": x\r\n\r\n", 431 },
        { "GET / HTTP/1.1\r\nHost: orders.test\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 6_000)) + "\r\n", 431 },
        { "GET / HTTP/1.1\r\nHost: " + new string('a', 40_000) + "\r\n\r\n", 431 },
        { "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n5;" + new string('x', 2_000) + "\r\nhello\r\n0\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n" + new string('0', 2_000) + "5\r\nhello\r\n0\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + new string('x', 10_000) + "\r\n\r\n", 400 },
    };

    /// <summary>What is let through, and what the service gets of it (without the trail of proxies).</summary>
    public static TheoryData<string, string> Good { get; } = new()
    {
        { "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n\r\nhello", "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n~\r\nhello" },
        { "\r\n\r\nGET / HTTP/1.1\r\nHost: orders.test\r\n\r\n", "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: \tChUnKeD \t\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n5\r\nhello\r\n0\r\n\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n2d\r\n" + Smuggled + "\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n2d\r\n" + Smuggled + "\r\n0\r\n\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 45\r\n\r\n" + Smuggled,
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 45\r\n~\r\n" + Smuggled
        },
        {
            "POST / HTTP/1.1\r\nConnection: Host, Content-Length, x-pico-endpoint, close\r\nHost: orders.test\r\nContent-Length: 5\r\nx-pico-endpoint: orders\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\nx-pico-endpoint: orders\r\n~\r\nhello"
        },
        {
            "POST / HTTP/1.1\r\nConnection: Transfer-Encoding\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n0\r\n\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip, trailers\r\nX-End: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-End: 1\r\n~Connection: TE\r\nTE: trailers\r\n\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 2\r\n~\r\nhi"
        },
        {
            "GET / HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\nHost: orders.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\nForwarded: for=10.0.0.1\r\nConnection: X-Forwarded-For\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX_Forwarded_For: 10.0.0.1\r\nX-Forwarded-Ssl: on\r\nx-forwarded-prefix: /admin\r\nX-End: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-End: 1\r\n~\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-Real-IP: 10.0.0.1\r\nx_real_ip: 10.0.0.1\r\nX-Real-IPs: kept\r\nConnection: X-Real-IP\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-Real-IPs: kept\r\n~\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: victim.test\r\nx-pico-endpoint: ORDERS\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: victim.test\r\nx-pico-endpoint: ORDERS\r\n~\r\n"
        },
        {
            "GET //victim.test/../x?y=http://victim.test/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
            "GET //victim.test/../x?y=http://victim.test/ HTTP/1.1\r\nHost: orders.test\r\n~\r\n"
        },
        { "GET http://orders.test HTTP/1.1\r\nHost: victim.test\r\n\r\n", "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "OPTIONS http://orders.test HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "M-SEARCH /%00%0d%0a HTTP/1.1\r\nHost: orders.test\r\n\r\n", "M-SEARCH /%00%0d%0a HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
    };
}
