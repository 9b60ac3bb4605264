use super::*;
use crate::language::sse::Reader;
use brier_connect::backoff::Jitter;
use proptest::prelude::*;

const OPEN_AI: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"{\\\"a\\\"\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\":1}\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5}}\n\n",
    "data: [DONE]\n\n",
);

const ANTHROPIC: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":11,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"{\\\"a\\\":1}\"}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

const WORST: Usage = Usage { input: 1_000, output: 2_000 };

fn decode(dialect: Dialect, stream: &str) -> (Usage, Result<Reply, CallError>) {
    let mut decoder = Decoder::new(dialect, 100);
    for event in Reader::default().push(stream.as_bytes()).unwrap() {
        if let Err(error) = decoder.on(&event, "sk-secret") {
            return (decoder.usage(WORST), Err(error));
        }
    }
    (decoder.usage(WORST), decoder.finish())
}

#[test]
fn both_dialects_are_read() {
    let reply = Reply { text: "{\"a\":1}".to_owned(), stop: Stop::Finished };
    assert_eq!(decode(Dialect::OpenAi, OPEN_AI), (Usage { input: 11, output: 5 }, Ok(reply.clone())));
    assert_eq!(decode(Dialect::OpenAiCompatible, OPEN_AI).1, Ok(reply.clone()));
    assert_eq!(decode(Dialect::Anthropic, ANTHROPIC), (Usage { input: 15, output: 5 }, Ok(reply)));
}

#[test]
fn a_stream_without_its_end_is_cut_and_costs_what_it_may() {
    for end in 1..OPEN_AI.len() - 1 {
        let (usage, reply) = decode(Dialect::OpenAi, &OPEN_AI[..end]);
        assert_eq!(reply, Err(CallError::Cut), "{end}");
        assert!(usage == WORST || usage == Usage { input: 11, output: 5 });
    }
    let cut = ANTHROPIC.find("event: message_delta").unwrap();
    assert_eq!(
        decode(Dialect::Anthropic, &ANTHROPIC[..cut]),
        (Usage { input: 15, output: 2_000 }, Err(CallError::Cut))
    );
}

#[test]
fn ways_to_stop() {
    for (reason, stop) in [("length", Stop::AtLimit), ("content_filter", Stop::Declined), ("tool_calls", Stop::Other)] {
        let stream = OPEN_AI.replace("\"stop\"", &format!("\"{reason}\""));
        assert_eq!(decode(Dialect::OpenAi, &stream).1.unwrap().stop, stop);
    }
    for (reason, stop) in [("max_tokens", Stop::AtLimit), ("refusal", Stop::Declined), ("tool_use", Stop::Other)] {
        let stream = ANTHROPIC.replace("end_turn", reason);
        assert_eq!(decode(Dialect::Anthropic, &stream).1.unwrap().stop, stop);
    }
    let refusal = OPEN_AI.replacen("\"content\":\"\"", "\"refusal\":\"no\"", 1);
    assert_eq!(decode(Dialect::OpenAi, &refusal).1.unwrap().stop, Stop::Declined);
    let endless = OPEN_AI.replace("\"stop\"", "null");
    assert!(matches!(decode(Dialect::OpenAi, &endless).1, Err(CallError::Malformed { .. })));
}

#[test]
fn faults_in_the_stream_are_named_without_their_words() {
    let fault = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"sk-secret\"}}\n\n";
    for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
        let error = decode(dialect, fault).1.unwrap_err();
        assert_eq!(error, CallError::Fault { kind: Some("overloaded_error".to_owned()) });
        assert!(error.is_transient() && !error.to_string().contains("secret"));
    }
    for junk in ["data: {\n\n", "data: hello\n\n", "data: [1]\n\n", "data: 7\n\n"] {
        assert!(matches!(decode(Dialect::OpenAi, junk).1, Err(CallError::Malformed { .. })), "{junk}");
    }
    let long = OPEN_AI.replace(":1}", &"x".repeat(200));
    assert_eq!(decode(Dialect::OpenAi, &long).1, Err(CallError::TooLong { most: 100 }));
}

#[test]
fn requests_hold_text_and_no_tool() {
    let turns = [
        Turn { speaker: Speaker::User, text: "q\"\n".to_owned() },
        Turn { speaker: Speaker::Assistant, text: "{".to_owned() },
    ];
    let ask = Ask { model: "m-1", system: "s", turns: &turns, max_output_tokens: 7, temperature: Some(0.5) };
    let of = |dialect: Dialect, ask: &Ask<'_>| serde_json::from_str::<Value>(&dialect.body(ask)).unwrap();
    let keys = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let open_ai = of(Dialect::OpenAi, &ask);
    let mut expected = vec!["max_completion_tokens", "messages", "model", "response_format", "stream"];
    expected.extend(["stream_options", "temperature"]);
    assert_eq!(keys(&open_ai), expected);
    assert_eq!(open_ai["messages"][0], json!({"role": "system", "content": "s"}));
    assert_eq!(open_ai["messages"][1], json!({"role": "user", "content": "q\"\n"}));
    assert_eq!(of(Dialect::OpenAiCompatible, &ask)["max_tokens"], json!(7));
    let anthropic = of(Dialect::Anthropic, &Ask { temperature: None, ..ask });
    assert_eq!(keys(&anthropic), ["max_tokens", "messages", "model", "stream", "system"]);
    assert_eq!(anthropic["messages"][1]["role"], json!("assistant"));
}

#[test]
fn a_hundred_thousand_mutated_streams_are_read_without_panic() {
    let mut jitter = Jitter::new(5);
    let mut whole = 0;
    for round in 0..100_000_u32 {
        let (dialect, good) = if round % 2 == 0 { (Dialect::OpenAi, OPEN_AI) } else { (Dialect::Anthropic, ANTHROPIC) };
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..=jitter.next_u64() % 3 {
            bytes.resize(bytes.len().max(1), b' ');
            let at = (jitter.next_u64() % bytes.len() as u64) as usize;
            let byte = jitter.next_u64() as u8;
            match jitter.next_u64() % 4 {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..(at + 20).min(bytes.len()))),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let mut decoder = Decoder::new(dialect, 1_000);
        let events = Reader::default().push(&bytes).unwrap();
        if events.iter().all(|event| decoder.on(event, "key").is_ok()) && decoder.finish().is_ok() {
            whole += 1;
        }
    }
    assert!(whole > 1_000, "some mutations harm nothing: {whole}");
}

proptest! {
    #[test]
    fn any_event_is_read_or_refused(name in "\\PC{0,20}", data in "\\PC{0,100}") {
        for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
            let mut decoder = Decoder::new(dialect, 50);
            let _unread = decoder.on(&Event { name: name.clone(), data: data.clone() }, "key").is_err();
            prop_assert!(decoder.finish().is_err());
        }
    }
}
