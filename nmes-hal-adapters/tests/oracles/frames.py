"""Random frames of ScienceMode 4 and ScienceMode 2, as two independent implementations make them.

usage: frames.py SM4_COUNT RS2_COUNT SEED

Each line is what is asked, `=`, and the frame in hexadecimal. tests/frames.rs asks the same of this crate. What is asked
is on the device's grid, but for lines that begin with `off`: those are what the peer takes and this crate refuses.
"""

import random
import sys

from pysciencemode.rehastim2_interface import Rehastim2
from pysciencemode.utils import packet_construction
from science_mode_4.general import (PacketGeneralGetDeviceId, PacketGeneralGetExtendedVersion,
                                    PacketGeneralGetStimStatus, PacketGeneralReset)
from science_mode_4.low_level import PacketLowLevelChannelConfig, PacketLowLevelInit, PacketLowLevelStop
from science_mode_4.mid_level import (MidLevelChannelConfiguration, PacketMidLevelGetCurrentData,
                                      PacketMidLevelInit, PacketMidLevelStop, PacketMidLevelUpdate)
from science_mode_4.protocol.channel_point import ChannelPoint
from science_mode_4.protocol.protocol import Protocol

PLAIN = {
    "version": PacketGeneralGetExtendedVersion,
    "id": PacketGeneralGetDeviceId,
    "status": PacketGeneralGetStimStatus,
    "reset": PacketGeneralReset,
    "current": PacketMidLevelGetCurrentData,
    "ml-stop": PacketMidLevelStop,
    "ll-stop": PacketLowLevelStop,
}


def points(rng, count):
    return [(rng.randint(10, 4095) if rng.random() < 0.5 else rng.randint(10, 500), 500 * rng.randint(-260, 260))
            for _ in range(count)]


def text(pulse):
    return ",".join(f"{us}:{ua}" for us, ua in pulse)


def peer(pulse):
    return [ChannelPoint(us, ua / 1000) for us, ua in pulse]


def low_level(rng):
    packet, pulse = PacketLowLevelChannelConfig(), points(rng, rng.randint(1, 16))
    packet.channel, packet.connector = rng.randint(0, 3), rng.randint(0, 1)
    packet.execute_stimulation, packet.points = True, peer(pulse)
    return packet, f"ll {packet.channel} {packet.connector} {text(pulse)}"


def mid_level(rng):
    """Trains that the one current source can do: 999 ms of a second, 60 us more a pulse."""
    packet, busy, channels, words = PacketMidLevelUpdate(), 0, [None] * 8, []
    for channel in range(8):
        if rng.random() < 0.6:
            continue
        pulse, ramp = points(rng, rng.randint(1, 16)), rng.randint(0, 15)
        period_ms = rng.randint(1, 16383) if rng.random() < 0.5 else rng.randint(1, 200)
        needed = -(-(sum(us for us, _ in pulse) + 60) * 1000 // period_ms)
        if busy + needed > 999_000:
            continue
        busy += needed
        channels[channel] = MidLevelChannelConfiguration(True, ramp, period_ms, peer(pulse))
        words.append(f"{channel}/{ramp}/{period_ms * 1000}/{text(pulse)}")
    packet.channel_configuration = channels
    return packet, " ".join(["ml"] + words)


def init(rng):
    if rng.random() < 0.5:
        packet = PacketMidLevelInit()
        packet.do_stop_on_all_errors = rng.random() < 0.5
        return packet, f"ml-init {int(packet.do_stop_on_all_errors)}"
    packet = PacketLowLevelInit()
    packet.mode, packet.high_voltage_source = rng.randint(0, 3), rng.randint(0, 6)
    return packet, f"ll-init {packet.mode} {packet.high_voltage_source}"


def plain(rng):
    word = rng.choice(sorted(PLAIN))
    return PLAIN[word](), word


def off(rng):
    """What the peer takes and the device, or its vendor's library, does not do."""
    kind = rng.choice(["width", "current", "period", "idle"])
    pulse = points(rng, 2)
    if kind == "idle":
        packet = PacketLowLevelChannelConfig()
        packet.points = peer(pulse)
        return packet, f"ll-idle 0 0 {text(pulse)}"
    if kind == "width":
        pulse[0] = (rng.randint(0, 9), 0)
    if kind == "current":
        pulse[0] = (100, rng.choice([-1, 1]) * 500 * rng.randint(261, 300))
    period_ms = rng.randint(16384, 131068) if kind == "period" else 1000
    packet = PacketMidLevelUpdate()
    packet.channel_configuration = [MidLevelChannelConfiguration(True, 0, period_ms, peer(pulse))]
    return packet, f"off ml 0/0/{period_ms * 1000}/{text(pulse)}"


def science_mode_4(rng):
    kinds = [low_level, mid_level, init, plain, off]
    packet, words = rng.choices(kinds, [45, 40, 5, 7, 3])[0](rng)
    packet.number = rng.randint(0, 63)
    return f"sm4 {packet.number} {words} = {Protocol.packet_to_bytes(packet).hex()}"


class Peer(Rehastim2):
    """The peer's encoder without a port."""

    def __init__(self, number):  # pylint: disable=super-init-not-called
        self.packet_count = number


def init_list(rng, number):
    device, channels = Peer(number), rng.randint(1, 255)
    least = max(8000, 3125 * channels.bit_count())
    period_us = 500 * rng.randint(-(-least // 500), 2050)
    gap_us = 500 * rng.randint(4, 258)
    low = channels & rng.randint(0, 255)
    device.low_frequency_factor, device.electrode_number = rng.randint(0, 7), channels
    device.electrode_number_low_frequency = low
    device.stimulation_interval, device.inter_pulse_interval = period_us / 1000, gap_us / 1000
    words = f"init-list {channels} {period_us} {gap_us} {low} {device.low_frequency_factor}"
    return device._packet_init_stimulation(), words  # pylint: disable=protected-access


def start_list(rng, number):
    device, pulses = Peer(number), []
    for _ in range(rng.randint(1, 8)):
        width = rng.randint(20, 500) if rng.random() < 0.95 else 0
        pulses.append((rng.randint(0, 2), width, 2 * rng.randint(0, 63)))
    device.mode, device.pulse_width, device.amplitude = zip(*pulses)
    words = " ".join(f"{mode}:{us}:{ma * 1000}" for mode, us, ma in pulses)
    return device._packet_start_stimulation(), f"start {words}"  # pylint: disable=protected-access


def science_mode_2(rng):
    number = rng.choice([rng.randint(0, 255), rng.choice([0x0A, 0x0F, 0x55, 0x81, 0xF0])]
                        if rng.random() < 0.1 else [rng.randint(0, 255)])
    kind = rng.choices(["init", "start", "plain"], [40, 50, 10])[0]
    if kind == "init":
        frame, words = init_list(rng, number)
    elif kind == "start":
        frame, words = start_list(rng, number)
    else:
        word, command, data = rng.choice([("watchdog", "Watchdog", None), ("get-mode", "GetStimulationMode", None),
                                          ("stop", "StopChannelListMode", None), ("init-ack", "InitAck", [0])])
        frame, words = packet_construction(number, command, data), word
    return f"rs2 {number} {words} = {frame.hex()}"


def main():
    sm4, rs2, seed = (int(word) for word in sys.argv[1:4])
    rng = random.Random(seed)
    for _ in range(sm4):
        print(science_mode_4(rng))
    for _ in range(rs2):
        print(science_mode_2(rng))


main()
