"""Reads a TensorBoard event file and prints one JSON object a record.

Written from the format's definition alone, with nothing of ours, to check what we write:
  framing   tensorflow/core/lib/io/record_writer.h: uint64 length, uint32 masked CRC-32C of the length, the message,
            uint32 masked CRC-32C of the message; all little-endian
  mask      tensorflow/core/lib/hash/crc32c.h: ((crc >> 15) | (crc << 17)) + 0xa282ead8
  message   tensorflow/core/util/event.proto and framework/summary.proto, by the wire format of Protocol Buffers
"""
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        header = data[at : at + 12]
        if len(header) < 12:
            sys.exit(f"at {at}: a header of {len(header)} bytes")
        length, length_crc = struct.unpack("<QI", header)
        if length_crc != masked(header[:8]):
            sys.exit(f"at {at}: the checksum of the length is wrong")
        message = data[at + 12 : at + 12 + length]
        footer = data[at + 12 + length : at + 16 + length]
        if len(message) < length or len(footer) < 4:
            sys.exit(f"at {at}: the record is cut")
        if struct.unpack("<I", footer)[0] != masked(message):
            sys.exit(f"at {at}: the checksum of the message is wrong")
        yield message
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of each field: varints as int, 64 and 32 bits and the others as bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            if kind == 1:
                size = 8
            elif kind == 5:
                size = 4
            elif kind == 2:
                size, at = varint(data, at)
            else:
                sys.exit(f"wire type {kind}")
            if at + size > len(data):
                sys.exit("a field is longer than its message")
            value = data[at : at + size]
            at += size
        yield key >> 3, value


def scalar(message):
    tag = number = None
    for field, value in fields(message):  # Summary.Value
        if field == 1:
            tag = value.decode("utf-8")
        elif field == 2:
            number = struct.unpack("<f", value)[0]
        else:
            sys.exit(f"Summary.Value has no field {field}")
    return tag, number


def event(message):
    read = {"scalars": {}}
    for field, value in fields(message):  # Event
        if field == 1:
            read["wall_time"] = struct.unpack("<d", value)[0]
        elif field == 2:
            read["step"] = value
        elif field == 3:
            read["file_version"] = value.decode("utf-8")
        elif field == 5:
            for number, each in fields(value):  # Summary
                if number != 1:
                    sys.exit(f"Summary has no field {number}")
                tag, x = scalar(each)
                read["scalars"][tag] = x
        else:
            sys.exit(f"Event has no field {field}")
    return read


with open(sys.argv[1], "rb") as file:
    for each in records(file.read()):
        print(json.dumps(event(each)).replace("NaN", "null"))
