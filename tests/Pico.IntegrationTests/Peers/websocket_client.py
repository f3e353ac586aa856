"""Does what its third argument says, over ws://, and exits with 0 if all was as it should be."""
import asyncio
import os
import sys

import websockets


async def echo(socket):
    for message in ("text \u00e4\u4e2d", "", b"\x00\xff", os.urandom(100_000), "x" * 70_000):
        await socket.send(message)
        assert await socket.recv() == message
    for _ in range(200):
        await socket.send("many")
    for _ in range(200):
        assert await socket.recv() == "many"


async def large(socket):
    message = os.urandom(16 * 1024 * 1024)
    for _ in range(2):
        await socket.send(message)
        assert await socket.recv() == message


async def fragments(socket):
    async def parts():
        for i in range(10):
            yield f"part {i} "

    await socket.send(parts())
    assert await socket.recv() == "".join([f"part {i} " for i in range(10)])


async def ping(socket):
    await (await socket.ping(b"are you there"))


async def closed_by_service(socket):
    await socket.send("close 4001 the service had enough")
    await socket.wait_closed()
    assert (socket.close_code, socket.close_reason) == (4001, "the service had enough"), (socket.close_code, socket.close_reason)


async def close(socket):
    await socket.close(4002, "the client had enough")


async def silent(socket):
    await asyncio.sleep(32)
    await socket.send("still there")
    assert await socket.recv() == "still there"


async def main(uri, endpoint, scenario):
    headers = {"x-pico-endpoint": endpoint}
    async with websockets.connect(uri, extra_headers=headers, ping_interval=None, max_size=None, compression=None) as socket:
        await asyncio.wait_for(globals()[scenario](socket), 60)


asyncio.run(main(*sys.argv[1:4]))
