//! Both ends over real sockets.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Keeps what it was asked, and answers halts with an order that is left.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Vec<ControlRequest>>>);

impl ControlHandler for Desk {
    async fn handle(&self, request: ControlRequest) -> ControlAnswer {
        self.0.lock().unwrap().push(request.clone());
        match request {
            ControlRequest::Status => {
                ControlAnswer::Status(Box::new(Status { name: "test".into(), ..Status::default() }))
            }
            ControlRequest::Halt { .. } => {
                let left = OrderLine { order: "o1.0".into(), ..OrderLine::default() };
                ControlAnswer::Halted { canceled: 3, left: vec![left] }
            }
            ControlRequest::Shutdown => std::future::pending().await,
            other => ControlAnswer::Done { text: format!("{other:?}") },
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn serve(runtime: &tokio::runtime::Runtime, folder: &Path) -> (ControlServer, Desk) {
    let desk = Desk::default();
    let _inside = runtime.enter();
    (ControlServer::start(folder, desk.clone()).unwrap(), desk)
}

#[test]
fn requests_are_answered_over_a_socket_of_the_owners() {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let (server, desk) = serve(&runtime, folder.path());
    let socket = folder.path().join(SOCKET);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let halt = ControlRequest::Halt { reason: "storm \"one\"\nline".into() };
    let ControlAnswer::Halted { canceled, left } = ask(folder.path(), &halt, LONG).unwrap() else { panic!("halted") };
    assert_eq!((canceled, left[0].order.as_str()), (3, "o1.0"));
    let ControlAnswer::Status(status) = ask(folder.path(), &ControlRequest::Status, LONG).unwrap() else {
        panic!("a status")
    };
    assert_eq!(status.name, "test");
    assert_eq!(*desk.0.lock().unwrap(), [halt, ControlRequest::Status]);
    drop(server);
    assert!(!socket.exists());
    assert!(matches!(ask(folder.path(), &ControlRequest::Status, LONG), Err(AskError::Nobody { .. })));
}

#[test]
fn a_socket_of_a_dead_process_is_nobody_and_is_replaced() {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
    drop(UnixListener::bind(folder.path().join(SOCKET)).unwrap());
    assert!(matches!(ask(folder.path(), &ControlRequest::Status, LONG), Err(AskError::Nobody { .. })));
    let _served = serve(&runtime, folder.path());
    assert!(ask(folder.path(), &ControlRequest::Status, LONG).is_ok());
}

#[test]
fn a_process_that_is_stuck_is_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let _stuck = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
    let asked = ask(folder.path(), &ControlRequest::Status, Duration::from_millis(30));
    assert!(matches!(asked, Err(AskError::Silent { .. })), "{asked:?}");
    let other = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let _served = serve(&runtime, other.path());
    let asked = ask(other.path(), &ControlRequest::Shutdown, Duration::from_millis(30));
    assert!(matches!(asked, Err(AskError::Silent { .. })), "{asked:?}");
    assert!(ask(other.path(), &ControlRequest::Status, LONG).is_ok(), "one asker that waits holds up nobody");
}

#[test]
fn what_is_no_request_is_refused_and_several_lines_are_answered_in_order() {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let (_server, desk) = serve(&runtime, folder.path());
    let mut stream = UnixStream::connect(folder.path().join(SOCKET)).unwrap();
    stream.write_all(b"{\"do\":\"flush\"}\n{\"do\":\"explode\"}\nnonsense\n{\"do\":\"pause\",\"strategy\":\"a\",\"x\":1}\n{\"do\":\"reconcile\"}\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let answers: Vec<ControlAnswer> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<bool> = answers.iter().map(|answer| matches!(answer, ControlAnswer::Done { .. })).collect();
    assert_eq!(kinds, [true, false, false, false, true], "{text}");
    assert_eq!(desk.0.lock().unwrap().len(), 2);
}

#[test]
fn a_folder_with_a_long_name_has_a_socket_too() {
    let (root, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let folder = root.path().join("long".repeat(40));
    std::fs::create_dir(&folder).unwrap();
    let _served = serve(&runtime, &folder);
    assert!(ask(&folder, &ControlRequest::Status, LONG).is_ok());
}

#[test]
fn the_wire_form_is_what_the_page_says() {
    let wire = |request: &ControlRequest| serde_json::to_string(request).unwrap();
    assert_eq!(wire(&ControlRequest::Status), r#"{"do":"status"}"#);
    assert_eq!(wire(&ControlRequest::Cancel { order: "o1.0".into() }), r#"{"do":"cancel","order":"o1.0"}"#);
    let halted = ControlAnswer::Halted { canceled: 0, left: Vec::new() };
    assert_eq!(serde_json::to_string(&halted).unwrap(), r#"{"answer":"halted","canceled":0,"left":[]}"#);
}
