//! A conversation between a session and a simulated device over virtual time, a millisecond at a time.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "test support: a panic here is a failed test"
)]

use nmes_hal_adapters::sim::{FarEnd, Random};
use nmes_hal_adapters::wire::{Exchange, Poll};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};

/// Cases of each property: `NMES_CASES`, or `usual`.
pub fn cases(usual: u32) -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

pub struct Line<S, D> {
    pub session: S,
    pub device: D,
    pub now: u64,
    /// What the session sent, and when.
    pub sent: Vec<(u64, Vec<u8>)>,
    /// Whether the cable is in.
    pub plugged: bool,
}

impl<S: Exchange, D: FarEnd> Line<S, D> {
    pub fn new(session: S, device: D) -> Self {
        Self { session, device, now: 0, sent: Vec::new(), plugged: true }
    }

    /// One millisecond: both ends say what they have to.
    pub fn step(&mut self) {
        let mut out = vec![0; S::FRAME_MAX];
        let mut back = Vec::new();
        for _ in 0..4 {
            let Poll::Send(length) = self.session.poll(self.now, &mut out) else { break };
            self.sent.push((self.now, out[..length].to_vec()));
            if self.plugged {
                self.device.receive(&out[..length], self.now, &mut |bytes| back.extend_from_slice(bytes));
            }
        }
        self.device.tick(self.now, &mut |bytes| back.extend_from_slice(bytes));
        if self.plugged {
            self.session.receive(&back, self.now);
        }
        self.now += 1;
    }

    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.step();
        }
    }

    pub fn is_over(&mut self) -> bool {
        self.session.poll(self.now, &mut vec![0; S::FRAME_MAX]) == Poll::Over
    }
}

pub fn p24_update(mask: u8) -> sm4::Update {
    let pulse = sm4::Points::symmetric(250, 100, 20_000).unwrap();
    let train = sm4::Train::new(25_000, 3, pulse).unwrap();
    sm4::Update::new(std::array::from_fn(|i| (mask >> i & 1 == 1).then_some(train))).unwrap()
}

pub fn rehastim_list(mask: u8) -> (rs2::List, rs2::Start) {
    let list = rs2::List::new(mask, 25_000).unwrap();
    let pulse = rs2::Pulse::new(250, 20_000, rs2::Count::Single).unwrap();
    let pulses = vec![pulse; mask.count_ones() as usize];
    (list, rs2::Start::new(&list, &pulses).unwrap())
}

/// Answers of a P24, well formed, of any kind and with any number.
pub fn p24_answer(random: &mut Random, out: &mut [u8]) -> usize {
    use sm4::{Answer, Body, ChannelState, Kind, Reply, ResultCode, StimState, Version};
    let mut pick = |n: usize| random.up_to(n as u32 - 1) as usize;
    let kind = Kind::ALL[pick(Kind::ALL.len())];
    let answer = match pick(10) {
        0 => Answer::GeneralError,
        1 => Answer::UnknownCommand,
        _ => Answer::To(kind),
    };
    let body = match (answer, kind) {
        (Answer::To(_), Kind::CurrentData) => Body::Channels {
            active: pick(256) as u8,
            states: std::array::from_fn(|_| ChannelState::ALL[pick(4)]),
        },
        (Answer::To(_), Kind::LowLevelChannel) => Body::Pulse {
            channel: sm4::Channel::ALL[pick(4)],
            connector: sm4::Connector::ALL[pick(2)],
            samples: None,
        },
        (Answer::To(_), Kind::DeviceId) => Body::DeviceId(std::array::from_fn(|_| pick(256) as u8)),
        (Answer::To(_), Kind::Battery) => {
            Body::Battery { percent: pick(101) as u8, millivolts: pick(65_536) as u16 }
        }
        (Answer::To(_), Kind::StimStatus) => {
            Body::StimStatus { state: StimState::ALL[pick(4)], high_voltage: sm4::HighVoltage::ALL[pick(7)] }
        }
        (Answer::To(_), Kind::Version) => {
            let version = Version { numbers: [pick(256) as u8, 0x0F, 0xF0] };
            Body::Version { firmware: version, protocol: version, hash: [0x81; 4], hash_kind: (1, true) }
        }
        _ => Body::Empty,
    };
    let result = if pick(3) == 0 { ResultCode::ALL[pick(29)] } else { ResultCode::Successful };
    let reply = Reply { number: pick(64) as u8, answer, result, body };
    let length = reply.encode(out).unwrap();
    let mut decoder = sm4::Decoder::<1_200>::new();
    for (i, &byte) in out[..length].iter().enumerate() {
        if let Some(found) = decoder.push(byte) {
            assert_eq!(i, length - 1);
            assert_eq!(Reply::decode(&sm4::Packet::new(found).unwrap()), Ok(reply), "decode(encode)");
        }
    }
    assert_eq!(decoder.counts().frames, 1);
    length
}

/// What a RehaStim 2 may say, well formed, of any kind and with any number.
pub fn rehastim_answer(random: &mut Random, out: &mut [u8]) -> usize {
    use rs2::{Mode, Reply, ResultCode, Said, StimulationError};
    let mut pick = |n: usize| random.up_to(n as u32 - 1) as usize;
    let result = ResultCode::ALL[pick(5)];
    let said = match pick(7) {
        0 => Said::Init { version: pick(3) as u8 },
        1 => Said::UnknownCommand,
        2 => Said::Mode { result, mode: (result == ResultCode::Successful).then_some(Mode::ALL[pick(3)]) },
        3 => Said::InitList(result),
        4 => Said::StartList(result),
        5 => Said::StopList(result),
        _ => Said::Error(StimulationError::ALL[pick(3)]),
    };
    let reply = Reply { number: pick(256) as u8, said };
    let length = reply.encode(out).unwrap();
    let mut decoder = rs2::Decoder::<69>::new();
    let mut seen = None;
    for &byte in &out[..length] {
        if let Some(found) = decoder.push(byte) {
            seen = Some(Reply::decode(&rs2::Packet::new(found).unwrap()));
        }
    }
    assert_eq!(seen, Some(Ok(reply)), "decode(encode)");
    length
}

/// Changes bytes of a stream the way a bad line or a bad device would.
pub fn mutate(random: &mut Random, stream: &mut Vec<u8>) {
    const TELLING: [u8; 8] = [0xF0, 0x0F, 0x81, 0xA5, 0x5A, 0xD4, 0x00, 0xFF];
    for _ in 0..random.up_to(4) {
        if stream.is_empty() {
            return;
        }
        let at = random.up_to(stream.len() as u32 - 1) as usize;
        let telling = TELLING[random.up_to(7) as usize];
        match random.up_to(6) {
            0 => stream[at] ^= 1 << random.up_to(7),
            1 => stream[at] = telling,
            2 => stream.insert(at, telling),
            3 => drop(stream.remove(at)),
            4 => stream.truncate(at),
            5 => {
                let piece = stream[at..].to_vec();
                stream.extend_from_slice(&piece);
            }
            _ => stream.insert(at, random.up_to(255) as u8),
        }
    }
}
