//! The page of a campaign.
use super::kinds::Kind;
use super::tally::Tally;

/// The page, as Markdown.
#[must_use]
pub fn page(kinds: &[Kind], tallies: &[Tally]) -> String {
    let mut text = String::new();
    for (kind, tally) in kinds.iter().zip(tallies) {
        text += &format!("{} {} {:?} open {:?} profile {:.2?} plan {:.2?} net {:.2?} never {} holes {}\n", kind.name, tally.runs, tally.ends, tally.open_ticks, tally.of_profile, tally.of_plan, tally.net, tally.never_ended, tally.holes.len());
        for hole in tally.holes.iter().take(14) {
            text += &format!("    {hole}\n");
        }
    }
    text
}
