"""The certificate with which the entrance speaks https, and the port at which it does."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from basemodel.failure import Failure

DEFAULT_PORT = 8443


@dataclass(frozen=True)
class Tls:
    """`certificate`: a PEM file of the whole chain, with its key in it or beside it with `.key` at the end of the name."""

    certificate: str
    port: int

    @classmethod
    def of(cls, certificate: Path, port: int | None, public_url: str | None) -> Tls:
        """Raises Failure for what HAProxy could not use, or browsers would not keep their cookies for."""
        path = certificate.absolute()
        beside = path.with_name(f"{path.name}.key")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, beside if beside.exists() else None, password=lambda: "")
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            raise Failure(f"{path} cannot be used ({said}); --certificate wants a PEM file with the chain and its open key.") from error
        if not (public_url or "").startswith("https://"):
            raise Failure("--certificate needs BASEMODEL_PUBLIC_URL, the address that users see, such as https://models.example.org.")
        return cls(str(path), port or DEFAULT_PORT)
