"""Looks at a guest's screen for a moment: monitor-vnc.py SOCKET."""
import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.recv(12)
client.send(b"RFB 003.008\n")
client.recv(10)
client.send(b"\x01")
client.recv(4)
client.send(b"\x01")
client.recv(100)
client.close()
