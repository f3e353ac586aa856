"""Echoes every message; "close CODE REASON" closes; says on standard output how each connection ended."""
import asyncio
import sys

import websockets


async def serve(socket):
    try:
        async for message in socket:
            if isinstance(message, str) and message.startswith("close "):
                _, code, reason = message.split(" ", 2)
                await socket.close(int(code), reason)
                return
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        await socket.wait_closed()
        print("closed", socket.close_code, socket.close_reason, flush=True)


async def main(port):
    # Pings are off: what keeps the connection is up to the path.
    async with websockets.serve(serve, "127.0.0.1", port, ping_interval=None, max_size=None):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1])))
