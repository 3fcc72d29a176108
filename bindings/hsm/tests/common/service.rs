//! Services on this machine: what a service's documentation says of its calls, over HTTP and HTTPS.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// What was asked: the head whole, and the body.
#[derive(Clone, Debug)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    /// Method and path, with its query.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A field of a form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = self.body.split('&').filter_map(|field| field.split_once('='));
        let (_, value) = fields.find(|(other, _)| *other == name)?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned())
    }
}

/// A status and a body.
pub type Reply = (u16, String);

/// What happens to the next calls, in place of what the service does.
pub enum Fault {
    Reply(u16, String),
    /// What it does is changed on the way back.
    Damage(fn(&mut Value)),
    /// It does not answer.
    Silence,
}

/// A service that answers until it is dropped.
pub struct Service {
    pub address: String,
    asked: Arc<Mutex<Vec<Request>>>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + 'static) -> Service {
        Service::start_over(None, answer)
    }

    /// Over HTTPS, as `localhost`, with a configuration for it.
    pub fn start_over(tls: Option<Arc<ServerConfig>>, answer: impl Fn(&Request) -> Reply + Send + 'static) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let address = if tls.is_some() { format!("https://localhost:{}", at.port()) } else { format!("http://{at}") };
        let (asked, faults, ended) = (Arc::default(), Arc::default(), Arc::new(AtomicBool::new(false)));
        let mut service = Service {
            address,
            asked: Arc::clone(&asked),
            faults: Arc::clone(&faults),
            ended: Arc::clone(&ended),
            thread: None,
        };
        let serve = move || {
            let mut silent = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream: Box<dyn Stream> = match &tls {
                    Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), stream)),
                    None => Box::new(stream),
                };
                let Some(request) = read_request(&mut stream) else { continue };
                asked.lock().unwrap().push(request.clone());
                let fault: Option<Fault> = faults.lock().unwrap().pop_front();
                let (status, body) = match fault {
                    None => answer(&request),
                    Some(Fault::Reply(status, body)) => (status, body),
                    Some(Fault::Damage(damage)) => {
                        let (status, body) = answer(&request);
                        let mut body = serde_json::from_str(&body).unwrap();
                        damage(&mut body);
                        (status, body.to_string())
                    }
                    Some(Fault::Silence) => {
                        silent.push(stream);
                        continue;
                    }
                };
                reply(stream, status, &body);
            }
        };
        service.thread = Some(thread::spawn(serve));
        service
    }

    /// These happen next, one a call.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    /// What was asked since this was called last.
    pub fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn host(&self) -> &str {
        self.address.split_once("://").unwrap().1
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.host()));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the service failed");
        }
    }
}

/// What a connection is read from and written to.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// An address where nobody listens any more.
pub fn closed() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

pub fn reply(mut stream: impl Write, status: u16, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Who finds an answer too long stops reading.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.flush();
}

/// `None` for a connection without a request, or one that ends while TLS is agreed on.
pub fn read_request(stream: impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        line.to_lowercase().strip_prefix("content-length:").map(|len| len.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).unwrap();
    Some(Request { head, body: String::from_utf8(body).unwrap() })
}
