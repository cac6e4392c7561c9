//! dev
#![allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing, reason="dev")]
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let runs: u32 = args[1].parse().unwrap();
    let kinds: Vec<_> = nmes_examples::campaign::KINDS.into_iter().filter(|k| args.len() < 3 || args[2..].iter().any(|a| k.name.starts_with(a.as_str()))).collect();
    println!("{} scenes", nmes_examples::campaign::scenes().len());
    let t = std::time::Instant::now();
    let tallies = nmes_examples::campaign::campaign(&kinds, runs, 1);
    print!("{}", nmes_examples::campaign::page(&kinds, &tallies));
    eprintln!("{:?}", t.elapsed());
}
