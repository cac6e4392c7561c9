//! What a constructor leaves that fails half way.

use super::board::{Board, Chip};
use core::fmt::Debug;
use nmes_core::Level;
use std::format;
use std::string::String;

/// More transfers than any constructor has.
const MOST: u32 = 1_000;

/// Lets each transfer and each change of a pin of a constructor fail in turn, before it takes effect and after. Each time the
/// constructor has to say so; nothing may drive meanwhile, nor once what it answered is dropped, and no set-point may be left.
///
/// `board` makes a board as it powers up; `new` puts the output together on it, of all its parts, and is handed a fresh board each
/// time. What [`OutputRig`](super::OutputRig) and the suite look at begins where a constructor has succeeded.
///
/// ```
/// # use nmes_core::Level;
/// # use nmes_hal_adapters::conformance::{Board, Chip, Pin, check_constructor};
/// # use nmes_hal_adapters::{HBridge, Mcp4922};
/// # #[derive(Default)]
/// # struct Stage { code: Option<u16>, pins: [Option<bool>; 2] }
/// # impl Chip for Stage {
/// #     fn spi(&mut self, _bus: u8, bytes: &[u8]) {
/// #         let word = u16::from_be_bytes([bytes[0], bytes[1]]);
/// #         if word & 0xF000 == 0x3000 { self.code = Some(word & 0xFFF); }
/// #     }
/// #     fn pin(&mut self, pin: u8, high: bool) { self.pins[usize::from(pin)] = Some(high); }
/// #     fn level(&self, _channel: u8) -> Option<Level> {
/// #         let code = i32::from(self.code?);
/// #         match (self.pins[0]?, self.pins[1]?) {
/// #             (false, false) => Some(Level::Open),
/// #             (true, _) => Some(Level::Code(code)),
/// #             (_, true) => Some(Level::Code(-code)),
/// #         }
/// #     }
/// #     fn is_closed(&self, _channel: u8) -> bool { self.pins.contains(&Some(true)) }
/// #     fn set_point(&self, _channel: u8) -> Option<i32> { self.code.map(i32::from) }
/// # }
/// check_constructor(|| Board::new(Stage::default(), 1), |board| {
///     let dac = Mcp4922::new(board.spi(0), None::<Pin<Stage>>).map_err(|error| error.to_string())?;
///     let bridge = HBridge::diagonal(board.pin(0), board.pin(1)).map_err(|error| error.to_string())?;
///     Ok::<_, String>((dac, bridge))
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Which transfer failed, and what was seen.
pub fn check_constructor<C: Chip, O, E: Debug>(
    board: impl Fn() -> Board<C>,
    new: impl Fn(&Board<C>) -> Result<O, E>,
) -> Result<(), String> {
    for has_effect in [false, true] {
        let mut transfers = 0;
        while fails_at(&board(), &new, transfers, has_effect)
            .map_err(|why| told(transfers, has_effect, &why))?
        {
            transfers += 1;
            if transfers > MOST {
                return Err(format!("the constructor has more than {MOST} transfers"));
            }
        }
        if transfers == 0 {
            return Err(String::from("no transfer of the constructor can fail"));
        }
    }
    Ok(())
}

fn told(transfers: u32, has_effect: bool, why: &str) -> String {
    let how = if has_effect { "after it took effect" } else { "before it took effect" };
    format!("transfer {transfers} of the constructor failed {how}: {why}")
}

/// Whether there is such a transfer.
fn fails_at<C: Chip, O, E: Debug>(
    board: &Board<C>,
    new: impl Fn(&Board<C>) -> Result<O, E>,
    transfers: u32,
    has_effect: bool,
) -> Result<bool, String> {
    board.fail_after(transfers, has_effect);
    let made = new(board);
    let failed = board.failed();
    match (made, failed) {
        (Err(why), false) => return Err(format!("and none has: {why:?}")),
        (Ok(_), true) => return Err(String::from("the constructor did not say so")),
        // dropped here, whatever it gives back
        (Ok(_), false) | (Err(_), true) => {}
    }
    let seen = board.seen();
    let drives = |level| matches!(level, Level::Code(code) if code != 0);
    if let Some(seen) = seen.iter().find(|seen| drives(seen.level)) {
        return Err(format!("channel {} was at {:?}", seen.channel, seen.level));
    }
    let last = |channel| seen.iter().rfind(|seen| seen.channel == channel).map(|seen| seen.level);
    let closed = |channel| last(channel).filter(|&level| level != Level::Open);
    if let Some(channel) = (0..board.channels()).find(|&channel| failed && closed(channel).is_some()) {
        return Err(format!("channel {channel} was left closed"));
    }
    let left = |channel| board.with(|chip| chip.set_point(channel)).filter(|&code| code != 0);
    match (0..board.channels()).find_map(|channel| left(channel).map(|code| (channel, code))) {
        Some((channel, code)) => Err(format!("the set-point of channel {channel} was left at {code}")),
        None => Ok(failed),
    }
}
