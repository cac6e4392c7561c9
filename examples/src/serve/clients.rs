//! Sockets: a thread reads and a thread writes for each client, so that none of them holds up the stimulation.

use super::lines::LineBuffer;
use super::message::Request;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::spawn;
use std::time::Duration;

/// Lines that wait for a client before it counts as gone: it does not read.
const WAITING_MAX: usize = 16_384;
/// The most clients at a time.
const CLIENTS_MAX: usize = 8;
/// How long a client may keep a write waiting.
const WRITE_TIME: Duration = Duration::from_secs(2);

/// What comes from the sockets.
#[derive(Debug)]
pub(crate) enum Incoming {
    Here(u64, TcpStream),
    Asked(u64, Result<Request, Value>),
    Gone(u64),
}

/// Takes connections until the program ends.
pub(crate) fn listen(listener: TcpListener, to: SyncSender<Incoming>) {
    spawn(move || {
        for (id, socket) in (0..).zip(listener.incoming()) {
            let Ok(socket) = socket else { continue };
            if to.send(Incoming::Here(id, socket)).is_err() {
                return;
            }
        }
    });
}

fn read(id: u64, mut socket: TcpStream, to: &SyncSender<Incoming>) {
    let (mut buffer, mut chunk) = (LineBuffer::default(), [0; 4_096]);
    loop {
        let length = match socket.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(length) => length,
        };
        let mut open = true;
        buffer.take(&chunk[..length], &mut |line| {
            open &= to.send(Incoming::Asked(id, Request::of(&line))).is_ok()
        });
        if !open {
            break;
        }
    }
    // whoever listened has ended
    let _ = to.send(Incoming::Gone(id));
}

fn write(mut socket: TcpStream, from: &Receiver<String>) {
    while let Ok(mut text) = from.recv() {
        text.extend(from.try_iter().take(256));
        if socket.write_all(text.as_bytes()).is_err() {
            break;
        }
    }
    let _ = socket.shutdown(Shutdown::Both);
}

#[derive(Debug)]
struct Client {
    id: u64,
    to: SyncSender<String>,
    socket: TcpStream,
}

/// Who is connected.
#[derive(Debug)]
pub(crate) struct Clients {
    all: Vec<Client>,
    writer: Option<u64>,
    to: SyncSender<Incoming>,
}

impl Clients {
    pub(crate) const fn new(to: SyncSender<Incoming>) -> Self {
        Self { all: Vec::new(), writer: None, to }
    }

    /// The first who comes while there is none is the writer.
    pub(crate) fn add(&mut self, id: u64, socket: TcpStream) -> std::io::Result<bool> {
        if self.all.len() >= CLIENTS_MAX {
            return socket.shutdown(Shutdown::Both).map(|()| false);
        }
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(WRITE_TIME))?;
        let (reading, writing) = (socket.try_clone()?, socket.try_clone()?);
        let (to, from) = sync_channel(WAITING_MAX);
        let back = self.to.clone();
        spawn(move || read(id, reading, &back));
        spawn(move || write(writing, &from));
        self.writer.get_or_insert(id);
        self.all.push(Client { id, to, socket });
        Ok(true)
    }

    pub(crate) fn is_writer(&self, id: u64) -> bool {
        self.writer == Some(id)
    }

    pub(crate) const fn writer(&self) -> Option<u64> {
        self.writer
    }

    pub(crate) const fn has_writer(&self) -> bool {
        self.writer.is_some()
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether it was the writer.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        self.all.retain(|client| client.id != id);
        let was = self.is_writer(id);
        if was {
            self.writer = None;
        }
        was
    }

    /// A line for one client. One that does not read is cut off: a receipt is never left out.
    pub(crate) fn tell(&self, id: u64, value: &Value) {
        if let Some(client) = self.all.iter().find(|client| client.id == id) {
            client.tell(format!("{value}\n"));
        }
    }

    pub(crate) fn tell_writer(&self, value: &Value) {
        if let Some(id) = self.writer {
            self.tell(id, value);
        }
    }

    pub(crate) fn tell_all(&self, value: &Value) {
        let text = format!("{value}\n");
        self.all.iter().for_each(|client| client.tell(text.clone()));
    }
}

impl Client {
    fn tell(&self, text: String) {
        if self.to.try_send(text).is_err() {
            // its reader then says that it is gone
            let _ = self.socket.shutdown(Shutdown::Both);
        }
    }
}
