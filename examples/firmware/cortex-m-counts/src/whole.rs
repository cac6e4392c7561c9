//! Engine, guard and preparation of the output together, and the check before them.

use core::convert::Infallible;
use core::hint::black_box;
use core::mem::size_of;

use cortex_m::peripheral::SYST;
use cortex_m_semihosting::hprintln;
use nmes_core::{
    Channel, ChannelHardware, ChannelState, ConfigError, Engine, Form, Hardware, HardwareTiming, MAX_POINTS,
    Micros, Millis, Plan, Point, PulseShape, Rate, Schedule, Session, Setting,
};
use nmes_hal_adapters::{Alarm, Late, NoSense, Output, Stimulator};
use nmes_safety::{AdmittedEdge, Checked, Guard, Layer, Profile, Setup, UseClass, assess, check, rules};

use crate::{EDGES, Lateness, TICK, channels, since};

/// An output of which nothing is written.
struct Nothing(Hardware);

impl Output for Nothing {
    type Error = Infallible;

    fn hardware(&self) -> &Hardware {
        &self.0
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Infallible> {
        black_box(edges);
        Ok(())
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Infallible> {
        black_box(channel);
        Ok(())
    }

    fn off(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A clock that goes to the alarm when it is told to.
#[derive(Default)]
struct Told {
    now: u64,
    due: Option<u64>,
}

impl Alarm for &mut Told {
    fn now(&mut self) -> u64 {
        self.now
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        self.due = Some(at_tick);
        Ok(())
    }

    fn clear(&mut self) {
        self.due = None;
    }
}

/// A stand-in that both the runner and the loop around it reach.
struct Shared(core::cell::RefCell<Told>);

impl Alarm for &Shared {
    fn now(&mut self) -> u64 {
        (&mut *self.0.borrow_mut()).now()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        (&mut *self.0.borrow_mut()).set(at_tick)
    }

    fn clear(&mut self) {
        (&mut *self.0.borrow_mut()).clear();
    }
}

type Bare<'a, const N: usize> = Stimulator<'a, Nothing, &'a Shared, NoSense, N>;

/// What cannot be: the session of this program is a valid one.
const WRONG: ConfigError =
    ConfigError::Conflict { field: nmes_core::Field::Channels, reason: "the check or the runner refuses" };

pub(crate) fn report(clock: &SYST) -> Result<(), ConfigError> {
    hprintln!(
        "sizes: engine {} bytes and {} a channel; guard {}, {} and {} bytes, runner without its parts {}, {} and {}, for 1, 4 \
         and 8 channels",
        size_of::<Engine<'_, '_>>(),
        size_of::<ChannelState>(),
        size_of::<Guard<'_, 1>>(),
        size_of::<Guard<'_, 4>>(),
        size_of::<Guard<'_, 8>>(),
        size_of::<Bare<'_, 1>>(),
        size_of::<Bare<'_, 4>>(),
        size_of::<Bare<'_, 8>>()
    );
    for late in [Lateness::Never, Lateness::Always, Lateness::Varying] {
        edges(clock, "4 edges", &ramped()?, late)?;
    }
    edges(clock, "16 phases, 17 edges", &sixteen()?, Lateness::Never)?;
    for (minutes, differ) in [(6, false), (60, false), (60, true)] {
        check_of(clock, minutes, differ)?;
    }
    Ok(())
}

fn hardware(channels: usize, ticks_per_second: u32, late: Lateness) -> Result<Hardware, ConfigError> {
    let dacs = [ChannelHardware::symmetric(61_035, -2_048, 2_047); 8];
    let dacs = dacs.get(..channels).unwrap_or(&dacs);
    let timing = HardwareTiming { late_max_ticks: late.most(), ..HardwareTiming::ideal(ticks_per_second) };
    Hardware::new(timing, dacs, 0)
}

fn setup(channels: usize, differ: bool) -> Result<Setup, ConfigError> {
    let areas = if differ { [5_000, 5_010, 5_020, 5_030, 5_040, 5_050, 5_060, 5_070] } else { [5_000; 8] };
    let setup = Setup::new(areas.get(..channels).unwrap_or(&areas), UseClass::Continuous);
    let setup = setup.map_err(|_| WRONG)?;
    setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).map_err(|_| WRONG)
}

/// The same channels with ramps that the check takes.
fn ramped() -> Result<[Channel<'static>; 4], ConfigError> {
    let mut list = channels(500)?;
    for channel in &mut list {
        (channel.ramp.down, channel.ramp.down_min) = (channel.ramp.up, channel.ramp.up);
    }
    Ok(list)
}

/// The longest pulse of custom points: 16 phases of 50 µs, one after another each way.
static SIXTEEN: [Point; MAX_POINTS] = {
    let width = match Micros::from_micros(50) {
        Some(width) => width,
        None => Micros::ZERO,
    };
    let (up, down) = (Point { permille: 1_000, width }, Point { permille: -1_000, width });
    [up, down, up, down, up, down, up, down, up, down, up, down, up, down, up, down]
};

/// Four channels of it.
fn sixteen() -> Result<[Channel<'static>; 4], ConfigError> {
    let mut list = ramped()?;
    let set = Setting::new(40_000, 800).unwrap_or(Setting::ZERO);
    for channel in &mut list {
        channel.pulse = PulseShape { form: Form::Points(&SIXTEEN), ..PulseShape::default() };
        (channel.set, channel.ceiling) = (set, set);
    }
    Ok(list)
}

/// All that an interrupt does for an edge, but for the write and the clock themselves.
fn edges(clock: &SYST, name: &str, list: &[Channel<'_>; 4], late: Lateness) -> Result<(), ConfigError> {
    let length = Millis::from_millis(3_600_000).unwrap_or(Millis::ZERO);
    let session = Session::new(list, Schedule::Continuous, length)?;
    let hardware = hardware(4, 1_000_000, late)?;
    let plan = Plan::compile(&session, &hardware)?;
    let checked = check(plan, &setup(4, false)?, &Profile::default()).map_err(|_| WRONG)?;
    run(clock, (name, late), &checked, list, hardware)
}

fn run(
    clock: &SYST,
    (pulse, late): (&str, Lateness),
    checked: &Checked<'_>,
    list: &[Channel<'_>],
    hardware: Hardware,
) -> Result<(), ConfigError> {
    let time = Shared(core::cell::RefCell::new(Told::default()));
    let mut storage = [ChannelState::new(); 4];
    let armed = Stimulator::<_, _, _, 4>::arm_sized(checked, &mut storage, Nothing(hardware), &time, NoSense);
    let mut runner = armed.map_err(|_| WRONG)?;
    for (channel, asked) in (0..).zip(list) {
        runner.aim(channel, asked.set).map_err(|_| WRONG)?;
    }
    runner.start().map_err(|_| WRONG)?;
    // while the set levels rise, which takes 8 s; then at full level
    let (mut rising, mut steady) = (Tally::default(), Tally::default());
    let mut slow_calls = Tally::default();
    let mut ticks_late = 0;
    // never at the instant of an edge, which would put it out on time
    let mut slow = 10_200_u64;
    while steady.count < EDGES {
        let due = time.0.borrow().due.filter(|due| *due < slow);
        ticks_late = late.after(ticks_late);
        let next = due.map_or(slow, |due| due.saturating_add(u64::from(ticks_late)));
        let now = time.0.borrow().now;
        time.0.borrow_mut().now = now.max(next);
        let before = SYST::get_current();
        if due.is_some() {
            black_box(&mut runner).on_alarm().map_err(|_| WRONG)?;
        } else {
            runner.keep_alive();
            black_box(&mut runner).on_tick().map_err(|_| WRONG)?;
            slow = slow.saturating_add(10_000);
        }
        let spent = since(clock, before);
        let full = slow > 10_000_000;
        match (due, full) {
            (Some(_), false) => rising.take(spent),
            (Some(_), true) => steady.take(spent),
            (None, true) => slow_calls.take(spent),
            (None, false) => {}
        }
    }
    for (name, tally) in [("set levels rising", &rising), ("at full level", &steady)] {
        hprintln!(
            "engine, guard and preparation, {}, late {:?}, {}: {} edges, {} instructions an edge, at most {} a call",
            pulse,
            late,
            name,
            tally.count,
            tally.average(),
            tally.worst()
        );
    }
    hprintln!("a tick at full level: {} instructions, at most {}", slow_calls.average(), slow_calls.worst());
    Ok(())
}

/// Calls, and the ticks of SysTick that they took.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: u32,
    ticks: u32,
    worst: u32,
}

impl Tally {
    fn take(&mut self, ticks: u32) {
        self.count = self.count.saturating_add(1);
        self.ticks = self.ticks.saturating_add(ticks);
        self.worst = self.worst.max(ticks);
    }

    fn average(&self) -> u32 {
        self.ticks.saturating_mul(TICK).checked_div(self.count).unwrap_or(0)
    }

    fn worst(&self) -> u32 {
        self.worst.saturating_add(1).saturating_mul(TICK)
    }
}

/// The check of eight channels, which are alike or differ in amplitude, width, rate and electrode.
fn check_of(clock: &SYST, minutes: u32, differ: bool) -> Result<(), ConfigError> {
    let four = ramped()?;
    let mut list = [four[0]; 8];
    for (slot, channel) in list.iter_mut().zip(four.iter().cycle()) {
        *slot = *channel;
    }
    if differ {
        for (n, channel) in (0..).zip(list.iter_mut()) {
            let set = Setting::new(30_000_u32.saturating_add(n), 250_u32.saturating_add(n))
                .unwrap_or(Setting::ZERO);
            (channel.set, channel.ceiling, channel.rate) =
                (set, set, Rate::from_hz(30_u32.saturating_add(n))?);
        }
    }
    let length = Millis::from_millis(minutes.saturating_mul(60_000)).unwrap_or(Millis::ZERO);
    let session = Session::new(&list, Schedule::Continuous, length)?;
    let plan = Plan::compile(&session, &hardware(8, 1_000_000, Lateness::Never)?)?;
    let (setup, profile) = (setup(8, differ)?, Profile::default());
    let before = SYST::get_current();
    let report = black_box(assess(black_box(&plan), &setup, &profile));
    let spent = since(clock, before).saturating_mul(TICK);
    hprintln!(
        "check of 8 {} channels over {} minutes: {} instructions, {} rows",
        if differ { "different" } else { "like" },
        minutes,
        spent,
        report.rows().count()
    );
    Ok(())
}
