"""A client for Lectern servers, from nothing but pynng and protobuf.

pip install pynng protobuf grpcio-tools
python -m grpc_tools.protoc -I proto --python_out=. $(find proto -name '*.proto')
"""

import threading

import pynng
from lectern.rpc.v1 import envelope_pb2, status_pb2

CODES = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS "
    "PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED "
    "INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
).split()


class LecternError(Exception):
    """An answer that is no success, or none in time: docs/errors.md lists code and reason."""

    def __init__(self, status):
        self.code = CODES[status.code] if 0 <= status.code < len(CODES) else "UNKNOWN"
        self.reason = self.field = ""
        for detail in status.details:
            if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                self.reason = status_pb2.ErrorInfo.FromString(detail.value).reason
            elif detail.type_url.endswith("/google.rpc.BadRequest"):
                violations = status_pb2.BadRequest.FromString(detail.value).field_violations
                self.field = violations[0].field if violations else ""
        super().__init__(f"{self.code} {self.reason}: {status.message}")


class Client:
    """One server: tcp://HOST:7400, tls+tcp://HOST:7400 or ipc:///PATH."""

    def __init__(self, url, token_file=None, tls_ca=None, timeout_ms=10000):
        tls = None
        if tls_ca:
            # without a server name nng verifies no name at all
            host = url.split("://", 1)[1].rsplit(":", 1)[0].strip("[]")
            tls = pynng.TLSConfig(
                pynng.TLSConfig.MODE_CLIENT,
                auth_mode=pynng.TLSConfig.AUTH_MODE_REQUIRED,
                server_name=host,
                ca_files=[tls_ca],
            )
        # REQ sends again after a minute, also writes: put that beyond every timeout. pynng waits
        # for ever unless told otherwise, and while the first connection is made in the background.
        self.socket = pynng.Req0(dial=url, tls_config=tls, block_on_dial=False, resend_time=2**31 - 1)
        self.lock = threading.Lock()
        self.timeout_ms = timeout_ms
        self.token = open(token_file, encoding="ascii").readline().strip() if token_file else None

    def call(self, method, request, response_type, timeout_ms=None, min_revision=0, token=True):
        """method: "PostService/GetPost"; request: its message, or bytes. Gives a response_type."""
        timeout_ms = timeout_ms or self.timeout_ms
        envelope = envelope_pb2.Request(
            method="/lectern.v1." + method,
            payload=request if isinstance(request, bytes) else request.SerializeToString(),
            timeout_ms=timeout_ms,
            min_revision=min_revision,
        )
        if token and self.token:
            envelope.headers.add(name="authorization", value="Bearer " + self.token)
        with self.new_context(timeout_ms) as context:
            try:
                context.send(envelope.SerializeToString())
                answer = envelope_pb2.Response.FromString(context.recv())
            except pynng.Timeout:
                late = f"no answer in {timeout_ms} ms"
                code = CODES.index("DEADLINE_EXCEEDED")
                raise LecternError(status_pb2.Status(code=code, message=late)) from None
        if answer.status.code != 0:
            raise LecternError(answer.status)
        return response_type.FromString(answer.payload)

    def new_context(self, timeout_ms):
        # A context of pynng takes the timeouts that the socket has when it is made and has none of
        # its own. The server says itself when the time is over; a second more for its answer.
        with self.lock:
            self.socket.send_timeout = self.socket.recv_timeout = timeout_ms + 1000
            return self.socket.new_context()

    def close(self):
        self.socket.close()
