"""OpenStack Swift with its s3api in one process: proxy, account, container and object server, on loopback.

    python3 server.py DIR PORT SECRET

DIR keeps the data; PORT is the proxy's, 0 for any; SECRET goes with the access key "test:tester". Says "ready PORT" on standard output once it answers. Ends when
standard input does: whoever started it has gone then, however that was.
"""

import os
import sys
import time

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

FOLDER, PORT, SECRET = os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
# Threads of a pool for the disk cost more here than they gain.
BACKEND = """
[DEFAULT]
devices = {folder}
mount_check = false
swift_dir = {folder}
fallocate_reserve = 0
[app:main]
use = egg:swift#{kind}
replication_server = false
log_level = ERROR
threads_per_disk = 0
"""
PROXY = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper s3api tempauth bulk slo container-quotas proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
allow_multipart_uploads = true
log_level = ERROR
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:container-quotas]
use = egg:swift#container_quotas
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 10
node_timeout = 60
log_level = ERROR
"""


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def listen(port):
    # Python's own default for a reused address would let two servers share a port.
    return eventlet.listen(("127.0.0.1", port), backlog=4096, reuse_port=False)


def serve(app, listener):
    # As Swift itself serves them.
    eventlet.spawn(
        eventlet.wsgi.server,
        listener,
        with_bodiless_heads(app),
        log=utils.NullLogger(),
        custom_pool=eventlet.GreenPool(4096),
        protocol=SwiftHttpProtocol,
        socket_timeout=600,
        capitalize_response_headers=False,
    )


def with_bodiless_heads(app):
    """Where an answer to HEAD has no length, eventlet ends its body all the same, in the midst of the next answer."""

    def bodiless(env, start_response):
        def start(status, headers, exc_info=None):
            if env["REQUEST_METHOD"] == "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
                headers = list(headers) + [("Content-Length", "0")]
            return start_response(status, headers, exc_info)

        return app(env, start)

    return bodiless


class Cache:
    """What Swift asks of memcached: s3api does not work without one."""

    def __init__(self):
        self.kept = {}

    def get(self, key, raise_on_error=False):
        value, until = self.kept.get(key, (None, 0))
        return value if until == 0 or until > time.time() else None

    def set(self, key, value, time=0, **_options):
        self.kept[key] = (value, expiry(time))

    def incr(self, key, delta=1, time=0):
        value = max(0, int(self.get(key) or 0) + delta)
        self.set(key, value, time=time)
        return value

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta, time)

    def delete(self, key, server_key=None):
        self.kept.pop(key, None)


def expiry(seconds):
    return time.time() + seconds if seconds else 0


def with_cache(app):
    cache = Cache()

    def cached(env, start_response):
        env["swift.cache"] = cache
        return app(env, start_response)

    return cached


def end_with_parent():
    eventlet.hubs.trampoline(0, read=True)
    while os.read(0, 4096):
        eventlet.hubs.trampoline(0, read=True)
    os._exit(0)


def main():
    os.makedirs(os.path.join(FOLDER, "disk"), exist_ok=True)
    write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = default\ndefault = yes\n")
    utils.SWIFT_CONF_FILE = os.path.join(FOLDER, "swift.conf")
    utils.HASH_PATH_SUFFIX = b"test"
    utils.validate_configuration()
    for kind in ("account", "container", "object"):
        listener = listen(0)
        builder = RingBuilder(4, 1, 0)
        device = {"id": 0, "region": 0, "zone": 0, "weight": 1, "ip": "127.0.0.1", "device": "disk"}
        device["port"] = device["replication_port"] = listener.getsockname()[1]
        device["replication_ip"] = "127.0.0.1"
        builder.add_dev(device)
        builder.rebalance()
        builder.get_ring().save(os.path.join(FOLDER, kind + ".ring.gz"))
        serve(loadapp(write(kind + ".conf", BACKEND.format(folder=FOLDER, kind=kind))), listener)
    listener = listen(PORT)
    serve(with_cache(loadapp(write("proxy.conf", PROXY.format(folder=FOLDER, secret=SECRET)))), listener)
    print("ready", listener.getsockname()[1], flush=True)
    end_with_parent()


main()
