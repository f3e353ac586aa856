"""Makes keys and tokens with PyJWT, for a server that did not make them.

usage: tokens.py FOLDER

Writes into FOLDER secret, rsa.pem, es256.pem, es384.pem, es512.pem (what the server is given) and
prints a JSON list of {"fault", "algorithm", "token"}: for each of the nine algorithms a good token (fault "")
and one for each fault that the algorithm can have.
"""
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER, AUDIENCE = "https://issuer.example", "pico"
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ALGORITHMS = [kind + size for kind in ("HS", "RS", "ES") for size in ("256", "384", "512")]


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def claims(algorithm, **changes):
    now = int(time.time())
    base = {
        "iss": ISSUER, "aud": [AUDIENCE, "others"], "sub": "agent-" + algorithm.lower(), "iat": now, "nbf": now - 5, "exp": now + 3600,
        "pico": {"endpoints": [algorithm.lower(), "team-a-*"]},
    }
    return {k: v for k, v in {**base, **changes}.items() if v is not None}


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def by_hand(algorithm, payload, sign):
    text = encode({"alg": algorithm, "typ": "JWT"}) + "." + encode(payload)
    return text + "." + encode(sign(text.encode()))


def make(folder):
    secret = secrets.token_hex(64)
    rsa_key = rsa.generate_private_key(65537, 2048)
    curve_keys = {name: ec.generate_private_key(curve()) for name, curve in CURVES.items()}
    other = {
        "HS": secrets.token_hex(64), "RS": rsa.generate_private_key(65537, 2048),
        **{name: ec.generate_private_key(curve()) for name, curve in CURVES.items()},
    }
    files = {"secret": secret, "rsa.pem": public_pem(rsa_key)}
    files.update({name.lower() + ".pem": public_pem(key) for name, key in curve_keys.items()})
    for name, text in files.items():
        with open(f"{folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def keys_of(algorithm):
        return {"HS": secret, "RS": rsa_key, "ES": curve_keys.get(algorithm)}[algorithm[:2]]

    now = int(time.time())
    for algorithm in ALGORITHMS:
        key = keys_of(algorithm)

        def signed(_key=key, _algorithm=algorithm, **changes):
            return jwt.encode(claims(_algorithm, **changes), _key, algorithm=_algorithm)

        good = signed()
        yield algorithm, "", good
        yield algorithm, "expired", signed(exp=now - 3600)
        yield algorithm, "not yet valid", signed(nbf=now + 3600)
        yield algorithm, "wrong audience", signed(aud="somebody-else")
        yield algorithm, "no audience", signed(aud=None)
        yield algorithm, "wrong issuer", signed(iss="https://elsewhere.example")
        yield algorithm, "no issuer", signed(iss=None)
        yield algorithm, "another key", signed(_key=other.get(algorithm) or other[algorithm[:2]])
        yield algorithm, "alg none", jwt.encode(claims(algorithm), None, algorithm="none")
        yield algorithm, "alg none, signed", ".".join([encode({"alg": "none", "typ": "JWT"}), *good.split(".")[1:]])
        yield algorithm, "truncated in the signature", good[:-10]
        yield algorithm, "truncated in the claims", good[: len(good) // 3]
        yield algorithm, "claim altered", ".".join([good.split(".")[0], encode(claims(algorithm, sub="root")), good.split(".")[2]])
        yield algorithm, "1 MiB", signed(filler="x" * 1024 * 1024)
        yield algorithm, "pico is text", signed(pico="orders")
        yield algorithm, "endpoints is text", signed(pico={"endpoints": "orders"})
        yield algorithm, "endpoints has a number", signed(pico={"endpoints": [1]})
        yield algorithm, "maxStreams is text", signed(pico={"maxStreams": "7"})
        yield algorithm, "exp is text", by_hand(algorithm, claims(algorithm, exp=str(now + 3600)), lambda text, a=algorithm, k=key: sign(a, text, k))
        if algorithm[0:2] == "RS":
            pem = files["rsa.pem"].encode()
            yield algorithm, "public key as secret", by_hand(
                "HS" + algorithm[2:], claims(algorithm), lambda text, a=algorithm: hmac.new(pem, text, getattr(hashlib, "sha" + a[2:])).digest())
        if algorithm[0:2] == "ES":
            # Signed by a key that the server has, which is on another curve than the algorithm's.
            wrong = curve_keys["ES384" if algorithm != "ES384" else "ES256"]
            yield algorithm, "another curve", jwt.encode(claims(algorithm), wrong, algorithm=algorithm)


def sign(algorithm, text, key):
    implementation = jwt.algorithms.get_default_algorithms()[algorithm]
    return implementation.sign(text, implementation.prepare_key(key))


json.dump([{"algorithm": a, "fault": f, "token": t} for a, f, t in make(sys.argv[1])], sys.stdout)
