//! The model server that stands in for the real ones: what it says, what it keeps, and how it fails.

#[path = "support/model/mod.rs"]
mod model;

use std::io::{Read, Write};
use std::net::TcpStream;

use model::{Act, Api, Happening, Model, Usage, reply};
use serde_json::{Value, json};

/// Sends one request; the connection is closed by dropping it.
fn send(model: &Model, path: &str, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", model.port())).expect("it listens");
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.write_all(body.as_bytes()).expect("it reads");
    stream
}

/// Reads until `end` or the end of the connection.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        all.extend_from_slice(&piece[..length]);
        if String::from_utf8_lossy(&all).contains(end) {
            break;
        }
    }
    String::from_utf8(all).expect("text")
}

/// Reads the whole answer.
fn read_all(stream: &mut TcpStream) -> String {
    read_until(stream, "\0")
}

fn messages(prompt: &str, more: &[Value]) -> Value {
    let mut messages = vec![json!({"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>play:wrong</system-reminder>"},
        {"type": "text", "text": prompt},
    ]})];
    messages.extend_from_slice(more);
    json!({"model": "m-1", "stream": true, "tools": [{"name": "Bash"}], "messages": messages})
}

#[test]
fn a_play_goes_on_with_the_conversation_not_with_the_requests() {
    let model = Model::start();
    let steps = [
        reply([Act::say("Look."), Act::run("ls")]),
        reply([Act::say("Seen.")]),
    ];
    model.play("look", steps.to_vec());
    for _ in 0..2 {
        let body = messages("please play:look", &[]);
        let said = read_all(&mut send(&model, "/v1/messages?beta=true", &body));
        assert!(said.contains("text/event-stream"), "{said}");
        assert!(said.contains(r#""name":"Bash""#), "{said}");
        assert!(said.contains(r#""stop_reason":"tool_use""#), "{said}");
    }
    let more = [
        json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash"}]}),
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": "a b"},
            {"type": "text", "text": "be quick"},
        ]}),
    ];
    let body = messages("please play:look", &more);
    let said = read_all(&mut send(&model, "/v1/messages", &body));
    assert!(
        said.contains("Seen.") && said.contains("end_turn"),
        "{said}"
    );
    let turns = model.turns();
    let steps: Vec<usize> = turns.iter().map(|asked| asked.step).collect();
    assert_eq!(steps, [0, 0, 1]);
    assert!(turns.iter().all(|asked| asked.prompt == "please play:look"));
    assert_eq!(model.usage(true)[0].1.output, 3 * 150);
}

#[test]
fn a_reply_holds_until_its_gate_opens_and_notices_when_nobody_listens_any_more() {
    let model = Model::start();
    let hold = [Act::say("First."), Act::gate("door"), Act::say("Then.")];
    model.play("hold", vec![reply(hold)]);
    let body = messages("play:hold", &[]);
    let mut stays = send(&model, "/v1/messages", &body);
    let before = read_until(&mut stays, "First.");
    model.wait_held("door");
    assert!(!before.contains("Then."), "{before}");
    let leaves = send(&model, "/v1/messages", &body);
    let held = |what: &Happening| matches!(what, Happening::Held(_));
    model.wait_nth(2, "the second", held);
    drop(leaves);
    model.wait(
        "the hang-up",
        |what| matches!(what, Happening::HungUp(play) if play == "hold"),
    );
    model.open("door");
    let after = read_all(&mut stays);
    assert!(after.contains("Then."), "{after}");
    assert_eq!(model.usage(true).len(), 1, "only whole answers are counted");
}

#[test]
fn failures_are_those_of_each_interface() {
    let model = Model::start();
    let limit = Act::used_up(1_900_000_000);
    model.play("limit", vec![reply([limit])]);
    model.play(
        "key",
        vec![reply([Act::fail(401, "authentication_error", "no")])],
    );
    model.play("drop", vec![reply([Act::say("Half"), Act::Drop])]);
    model.play("load", vec![reply([Act::say("Half"), Act::Overload])]);
    let ask = |prompt: &str| read_all(&mut send(&model, "/v1/messages", &messages(prompt, &[])));
    let said = ask("play:limit");
    assert!(said.starts_with("HTTP/1.1 429"), "{said}");
    assert!(said.contains("unified-reset: 1900000000"), "{said}");
    assert!(said.contains("rate_limit_error"), "{said}");
    let said = ask("play:key");
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    let said = ask("play:drop");
    let ended = said.contains("\r\n0\r\n\r\n");
    assert!(said.contains("Half") && !ended, "{said}");
    let said = ask("play:load");
    assert!(said.contains("overloaded_error"), "{said}");
    assert!(model.usage(true).is_empty());
}

#[test]
fn every_interface_gives_text_tools_and_tokens() {
    let model = Model::start();
    let usage = Usage {
        input: 7,
        cache_read: 5,
        cache_write: 0,
        output: 3,
    };
    let act = [Act::say("Hm."), Act::write("a.txt", "b")];
    model.play("w", vec![reply(act).using(usage)]);
    let user = json!({"role": "user", "content": "play:w"});
    let cases = [
        (
            Api::Responses,
            "/v1/responses",
            json!({"model": "m", "stream": true, "input": [user],
                   "tools": [{"type": "function", "name": "exec_command"}]}),
            vec![
                "exec_command",
                r#""input_tokens":12"#,
                r#""cached_tokens":5"#,
            ],
        ),
        (
            Api::Chat,
            "/v1/chat/completions",
            json!({"model": "m", "stream": true, "messages": [user], "tools": [{}]}),
            vec!["filePath", r#""prompt_tokens":12"#, "[DONE]"],
        ),
        (
            Api::Gemini,
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            json!({"contents": [{"role": "user", "parts": [{"text": "play:w"}]}], "tools": [{}]}),
            vec!["write_file", r#""promptTokenCount":12"#, "STOP"],
        ),
    ];
    for (api, path, body, expected) in cases {
        let said = read_all(&mut send(&model, path, &body));
        assert!(said.contains("Hm."), "{api:?}: {said}");
        for expected in expected {
            assert!(said.contains(expected), "{api:?}: no {expected} in {said}");
        }
    }
    let apis: Vec<Api> = model.turns().iter().map(|asked| asked.api).collect();
    assert_eq!(apis, [Api::Responses, Api::Chat, Api::Gemini]);
    assert!(model.turns().iter().all(|asked| asked.model == "m"));
    assert_eq!(model.usage(true)[0].1.input, 21);
}

#[test]
fn what_is_asked_without_a_stream_is_answered_as_a_whole() {
    let model = Model::start();
    let ask = |path: &str, body: Value| {
        let said = read_all(&mut send(&model, path, &body));
        let (head, body) = said.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{error}: {body}"))
    };
    let mut body = messages("Hi", &[]);
    body["stream"] = json!(false);
    let whole = ask("/v1/messages", body);
    assert_eq!(whole["content"][0]["text"], "Hello.");
    let counted = ask("/v1/messages/count_tokens", json!({}));
    assert_eq!(counted["input_tokens"], 1_000);
}
