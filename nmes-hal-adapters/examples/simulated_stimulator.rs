//! A simulated P24 or RehaStim 2 on a TCP port of this machine, for a program that is to be tried without a device.
//!
//! `cargo run -p nmes-hal-adapters --features sim --example simulated_stimulator -- p24 127.0.0.1:4040`
//!
//! With `socat pty,link=port,raw TCP:127.0.0.1:4040` it is a serial port. One connection, then it ends. It listens only
//! where it is told to.
#![allow(clippy::print_stdout, reason = "a host tool")]

use nmes_hal_adapters::sim::{FarEnd, SimP24, SimRehaStim2};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

fn serve(mut socket: TcpStream, device: &mut dyn FarEnd) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_millis(5)))?;
    let begin = Instant::now();
    loop {
        let now = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (mut chunk, mut back) = ([0; 512], Vec::new());
        match socket.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                let bytes = chunk.get(..length).unwrap_or_default();
                println!("{now:>7} ms < {bytes:02x?}");
                device.receive(bytes, now, &mut |bytes| back.extend_from_slice(bytes));
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        device.tick(now, &mut |bytes| back.extend_from_slice(bytes));
        if !back.is_empty() {
            println!("{now:>7} ms > {back:02x?}");
            socket.write_all(&back)?;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let which = arguments.next().ok_or("which device: p24 or rehastim2")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let (mut p24, mut rehastim) = (SimP24::new(), SimRehaStim2::new());
    let device: &mut dyn FarEnd = match which.as_str() {
        "p24" => &mut p24,
        "rehastim2" => &mut rehastim,
        other => return Err(format!("p24 or rehastim2, not {other}").into()),
    };
    let listener = TcpListener::bind(&address)?;
    println!("a simulated {which} at {}", listener.local_addr()?);
    let (socket, _) = listener.accept()?;
    Ok(serve(socket, device)?)
}
