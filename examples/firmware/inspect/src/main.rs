//! `inspect LISTING ROOT... [--pointers N] [--expect-panic]`: exits with 1 where a root reaches a panic or a float, where
//! its stack is not bounded, or where more calls go through pointers than are known of.

use std::env;
use std::fs;
use std::process::ExitCode;

use nmes_inspect::{Image, Walk};

struct Asked {
    listing: String,
    roots: Vec<String>,
    pointers: usize,
    /// Print nothing but the bytes of stack and of code, and judge nothing.
    stack_only: bool,
}

fn asked() -> Option<Asked> {
    let mut arguments = env::args().skip(1);
    let mut asked = Asked { listing: arguments.next()?, roots: Vec::new(), pointers: 0, stack_only: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--pointers" => asked.pointers = arguments.next()?.parse().ok()?,
            "--stack" => asked.stack_only = true,
            _ => asked.roots.push(argument),
        }
    }
    (!asked.roots.is_empty()).then_some(asked)
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        eprintln!("usage: inspect LISTING ROOT... [--pointers N] [--stack]");
        return ExitCode::from(2);
    };
    match fs::read_to_string(&asked.listing) {
        Ok(text) => judge(&asked, &Image::read(&text)),
        Err(error) => {
            eprintln!("{}: {error}", asked.listing);
            ExitCode::from(2)
        }
    }
}

fn judge(asked: &Asked, image: &Image) -> ExitCode {
    let mut good = true;
    for root in &asked.roots {
        match Walk::from(image, root) {
            Ok(walk) if asked.stack_only => println!("{} {}", walk.stack, walk.bytes),
            Ok(walk) => good &= tell(root, &walk, asked.pointers),
            Err(error) => {
                println!("{error}");
                good = false;
            }
        }
    }
    ExitCode::from(u8::from(!good))
}

fn tell(root: &str, walk: &Walk, pointers: usize) -> bool {
    let calls: usize = walk.indirect.values().sum();
    println!(
        "{root}: {} functions of {} bytes, {} bytes of stack, {calls} calls through pointers",
        walk.functions, walk.bytes, walk.stack
    );
    for (name, count) in &walk.indirect {
        println!("  through a pointer, {count}: {name}");
    }
    for name in &walk.unbounded {
        println!("  stack not bounded: {name}");
    }
    for (what, ways) in [("panic", &walk.panics), ("float", &walk.floats)] {
        for way in ways {
            println!("  {what}: {}", way.join(" > "));
        }
    }
    println!("  deepest: {}", walk.deepest.join(" > "));
    walk.panics.is_empty() && walk.floats.is_empty() && walk.unbounded.is_empty() && calls <= pointers
}
