using System.Security.Cryptography;
using Pico.Agent.Dialing;

namespace Pico.Tests.Agent;

public sealed class Sha1Tests
{
    [Fact]
    public void Hash_IsTheFrameworks_ForEveryLengthAroundABlock()
    {
        for (var length = 0; length < 200; length++)
        {
            var data = new byte[length];
            Random.Shared.NextBytes(data);
#pragma warning disable CA5350 // It is what is tested.
            Assert.Equal(SHA1.HashData(data), Sha1.Hash(data));
#pragma warning restore CA5350
        }
    }
}
