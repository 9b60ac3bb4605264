//! An endpoint of OpenAI's dialect on loopback that says one thing and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Endpoint {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Value>>>,
}

/// An answer with this chance, whose one reason quotes the rules.
pub(crate) fn answer(prob: f64, quote: &str) -> String {
    json!({
        "probability": prob, "low": prob - 0.1, "high": prob + 0.1,
        "drivers": [{
            "claim": "the rules are plain", "sign": "down", "weight": 0.6, "quotes": [{"source": "R1", "text": quote}],
        }],
        "changes": ["another reading of the rules"],
    })
    .to_string()
}

impl Endpoint {
    /// Starts one that answers everything with `text`, for 1,000 tokens in and 100 out.
    pub(crate) async fn start(text: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, text.clone(), Arc::clone(&kept)));
            }
        });
        Self { url, seen }
    }

    /// The bodies that came.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads one request, answers it and hangs up.
async fn serve(mut stream: TcpStream, text: String, seen: Arc<Mutex<Vec<Value>>>) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let body = loop {
        let read = stream.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&piece[..read]);
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().trim().parse().unwrap();
        if bytes.len() >= end + 4 + length {
            break bytes[end + 4..end + 4 + length].to_vec();
        }
    };
    seen.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    let events = [
        json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 100}}),
    ];
    let mut events: Vec<String> = events.iter().map(Value::to_string).collect();
    events.push("[DONE]".to_owned());
    let told = format!("data: {}\n\n", events.join("\n\ndata: "));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(format!("{head}{told}").as_bytes()).await.unwrap();
}
