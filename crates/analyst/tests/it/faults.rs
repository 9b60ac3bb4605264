//! Everything that an endpoint can do wrong, what it costs, and what is said of it.

use std::time::Duration;

use brier_analyst::language::{CallError, Dialect, LanguageConfig};
use brier_analyst::{Analyst as _, NoOpinion};

use crate::server::{COST, KEY, Reaction, Server, good, say};
use crate::world::dossier;

const BOTH: [Dialect; 2] = [Dialect::OpenAi, Dialect::Anthropic];

fn refuse(status: u16, retry_after: Option<&'static str>) -> Reaction {
    let body = format!(r#"{{"error":{{"type":"some_error","message":"Incorrect API key provided: {KEY}"}}}}"#);
    Reaction::Refuse(status, body, retry_after)
}

async fn endpoint_error(server: &Server) -> CallError {
    match server.analyst().assess(&dossier()).await {
        Err(NoOpinion::Endpoint(error)) => {
            assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"), "{error:?}");
            error
        }
        other => panic!("expected a fault of the endpoint, found {other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_key_costs_one_request_and_no_money() {
    for dialect in BOTH {
        let server = Server::start(dialect, (0..9).map(|_| refuse(401, None))).await;
        let error = endpoint_error(&server).await;
        assert_eq!(error, CallError::Refused { status: 401, kind: Some("some_error".to_owned()) });
        assert_eq!((server.seen().len(), server.spent(), server.clock.pauses().len()), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_as_it_wishes() {
    for (wish, seconds) in [("7", 7), ("Wed, 18 Nov 2026 11:06:51 GMT", 11)] {
        // The clock stands at 2026-11-18 11:06:40.
        let script = [refuse(429, Some(wish)), say(good(0.6)), say(good(0.6)), say(good(0.6))];
        let server = Server::start(Dialect::OpenAi, script).await;
        server.analyst().assess(&dossier()).await.unwrap();
        let pauses = server.clock.pauses();
        assert_eq!(pauses.len(), 1);
        let wish = Duration::from_secs(seconds);
        assert!(wish <= pauses[0] && pauses[0] <= wish * 5 / 4, "{pauses:?}");
        assert_eq!(server.spent(), 3 * COST, "a refusal is free");
    }
}

#[tokio::test]
async fn a_wish_longer_than_our_patience_ends_it() {
    let server = Server::start(Dialect::Anthropic, [refuse(429, Some("3600"))]).await;
    assert!(matches!(endpoint_error(&server).await, CallError::Refused { status: 429, .. }));
    assert_eq!((server.seen().len(), server.clock.pauses().len()), (1, 0));
}

#[tokio::test]
async fn server_errors_are_tried_again_and_have_an_end() {
    for status in [500, 503, 529] {
        let script = [refuse(status, None), refuse(status, None), say(good(0.6)), say(good(0.6)), say(good(0.6))];
        let server = Server::start(Dialect::Anthropic, script).await;
        assert!(server.analyst().assess(&dossier()).await.is_ok());
        assert_eq!((server.seen().len(), server.spent()), (5, 3 * COST));
    }
    let server = Server::start(Dialect::OpenAi, (0..9).map(|_| refuse(500, None))).await;
    assert!(matches!(endpoint_error(&server).await, CallError::Refused { status: 500, .. }));
    assert_eq!((server.seen().len(), server.clock.pauses().len(), server.spent()), (4, 3, 0));
}

#[tokio::test]
async fn a_gateway_that_gave_up_may_have_cost_the_worst() {
    let server = Server::start(Dialect::OpenAi, [refuse(504, Some("3600"))]).await;
    endpoint_error(&server).await;
    assert_eq!(server.spent(), server.worst(0));
}

#[tokio::test]
async fn a_cut_stream_is_paid_and_tried_again() {
    for half in [Reaction::HalfAnswer(good(0.9)), Reaction::Broken(good(0.9))] {
        let script = [half, say(good(0.6)), say(good(0.6)), say(good(0.6))];
        let server = Server::start(Dialect::OpenAi, script).await;
        let opinion = server.analyst().assess(&dossier()).await.unwrap();
        assert!((opinion.prob.get() - 0.6).abs() < 1e-9, "half an answer counts for nothing");
        assert_eq!(server.spent(), server.worst(0) + 3 * COST);
    }
    let server = Server::start(Dialect::Anthropic, (0..4).map(|_| Reaction::HalfAnswer(good(0.6)))).await;
    assert_eq!(endpoint_error(&server).await, CallError::Cut);
    // The input was reported before the cut: 1,000 tokens at $3, and 2,000 at $15 that may have come.
    assert_eq!(server.spent(), 4 * (3_000 + 30_000));
}

#[tokio::test]
async fn silence_has_an_end_and_its_price() {
    for reaction in [Reaction::Silence, Reaction::Slow(good(0.6))] {
        let server = Server::start(Dialect::OpenAi, [reaction]).await;
        let retry = brier_analyst::language::retry::RetryRules { attempts: 1, ..server.config().retry };
        let config = LanguageConfig { retry, ..server.config() };
        let why = server.analyst_with(config).assess(&dossier()).await.unwrap_err();
        assert!(matches!(why, NoOpinion::Endpoint(CallError::TimedOut { .. })), "{why}");
        assert_eq!(server.spent(), server.worst(0));
    }
}

#[tokio::test]
async fn a_task_that_is_dropped_has_paid_the_worst() {
    let server = Server::start(Dialect::OpenAi, [Reaction::Hang]).await;
    let (analyst, asked) = (server.analyst(), dossier());
    tokio::select! {
        biased;
        answer = analyst.assess(&asked) => panic!("nobody answers, found {answer:?}"),
        () = async { while server.seen().is_empty() { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(server.spent(), server.worst(0));
    assert_eq!(server.ledger.budget().left().micros(), 1_000_000 - server.worst(0));
}

#[tokio::test]
async fn answers_of_no_dialect_are_named() {
    for body in ["{\"choices\":[]}", "data: {oops\n\n", "data: []\n\n", "<html>busy</html>", ""] {
        let server = Server::start(Dialect::OpenAi, [Reaction::Raw(body.to_owned())]).await;
        assert!(matches!(endpoint_error(&server).await, CallError::Malformed { .. }), "{body}");
        assert_eq!((server.seen().len(), server.spent()), (1, server.worst(0)), "it answered 200: it may be paid");
    }
}

#[tokio::test]
async fn a_fault_in_a_plain_body_with_status_200_is_a_fault() {
    let fault = format!(r#"{{"error":{{"code":"server_overloaded","message":"{KEY}"}}}}"#);
    let script = [Reaction::Raw(fault), say(good(0.6)), say(good(0.6)), say(good(0.6))];
    let server = Server::start(Dialect::OpenAi, script).await;
    assert!(server.analyst().assess(&dossier()).await.is_ok());
    assert_eq!((server.seen().len(), server.clock.pauses().len()), (4, 1));
    let lasting = Reaction::Raw(r#"{"error":{"type":"invalid_request_error"}}"#.to_owned());
    let server = Server::start(Dialect::OpenAi, [lasting]).await;
    assert_eq!(endpoint_error(&server).await, CallError::Fault { kind: Some("invalid_request_error".to_owned()) });
}

#[tokio::test]
async fn a_fault_in_the_stream_is_tried_again() {
    let fault =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n";
    let script = [Reaction::Raw(fault.to_owned()), say(good(0.6)), say(good(0.6)), say(good(0.6))];
    let server = Server::start(Dialect::Anthropic, script).await;
    assert!(server.analyst().assess(&dossier()).await.is_ok());
    assert_eq!((server.seen().len(), server.clock.pauses().len()), (4, 1));
}

#[tokio::test]
async fn an_over_long_answer_is_dropped_and_the_next_may_pass() {
    for dialect in BOTH {
        let script = [say("x".repeat(100_000)), say(good(0.6)), say(good(0.6))];
        let server = Server::start(dialect, script).await;
        assert!(server.analyst().assess(&dossier()).await.is_ok());
        assert_eq!(server.seen().len(), 3, "it is not asked to mend that");
        let cut = good(0.6)[..40].to_owned();
        let server = Server::start(dialect, (0..3).map(|_| Reaction::Say(cut.clone(), "length"))).await;
        let why = server.analyst().assess(&dossier()).await.unwrap_err().to_string();
        assert!(why.contains("raise max_output_tokens"), "{why}");
        let server = Server::start(dialect, (0..3).map(|_| Reaction::Say(String::new(), "content_filter"))).await;
        let why = server.analyst().assess(&dossier()).await.unwrap_err().to_string();
        assert!(why.contains("declined"), "{why}");
    }
}

#[tokio::test]
async fn nobody_there_costs_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::start(Dialect::OpenAi, []).await;
    let config = LanguageConfig { base_url: url, ..server.config() };
    let why = server.analyst_with(config).assess(&dossier()).await.unwrap_err();
    assert!(matches!(why, NoOpinion::Endpoint(CallError::Unreachable { .. })), "{why}");
    assert_eq!((server.spent(), server.clock.pauses().len()), (0, 3));
}
