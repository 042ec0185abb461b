//! Exchanges that nothing stops.

use super::peers::*;
use crate::gateway::tests::stage::*;
use crate::history::Message;
use bytes::Bytes;
use h2::Reason;
use http::{Method, Request, Response, StatusCode};

/// A caller and a callee that have their first exchange under way.
async fn under_way(stage: &mut Stage, path: &str) -> (Client, Server, h2::client::ResponseFuture) {
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post(path), "hello").await;
    let server = Server::accept(stage).await;
    stage
        .expect(&[&format!("1 asked worker POST {path}")])
        .await;
    (client, server, answer)
}

#[tokio::test]
async fn a_call_is_named_and_recorded_with_its_trailers() {
    for http in [None, Some(true)] {
        let mut stage = Stage::new(http).await;
        let client = Client::connect(stage.front).await;
        let (answer, mut to) = client.begins(post("/jobs/7?x"), false).await;
        to.send_data(Bytes::from_static(b"hello"), false).unwrap();
        to.send_trailers(headers(&[("x-sum", "5")])).unwrap();
        let mut server = Server::accept(&stage).await;
        let Call {
            request,
            mut respond,
        } = server.call().await;
        let asked = request_heard(request).await.unwrap();
        let mut back = respond.send_response(made(), false).unwrap();
        back.send_data(Bytes::from_static(b"made"), false).unwrap();
        back.send_trailers(headers(&[("grpc-status", "0")]))
            .unwrap();
        drop((to, back, respond));
        let answered = answer_heard(answer).await.unwrap();
        let trailers = [("grpc-status".to_owned(), b"0".to_vec())];
        assert_eq!(
            (
                &answered.head[..],
                &answered.body[..],
                &answered.trailers[..]
            ),
            ("201 Created", &b"made"[..], &trailers[..])
        );
        assert_eq!(asked.head, "POST http://site/jobs/7?x");
        assert_eq!(asked.trailers, [("x-sum".to_owned(), b"5".to_vec())]);
        stage.expect(&["1 asked worker POST /jobs/7?x"]).await;
        let recorded = stage.answered().await;
        stage.expect(&["1 saw 201, 4"]).await;
        let message = |headers: &[(&str, &str)], body: &str, digest: &str| Message {
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: body.to_owned(),
            body_bytes: body.len() as u64,
            digest: Some(digest.to_owned()),
        };
        let digest = |body: &[u8]| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(body));
        let asked = [("host", "site"), ("x-a", "b"), ("x-sum", "5")];
        assert_eq!(
            recorded.request,
            message(&asked, "hello", &digest(b"hello"))
        );
        let answer = [("x-a", "b"), ("grpc-status", "0")];
        assert_eq!(
            recorded.response,
            message(&answer, "made", &digest(b"made"))
        );
        assert_eq!(recorded.call.as_deref(), Some(CALL));
        assert_eq!(recorded.captures["job"], "7");
        drop(client.send);
        server.ends().await.unwrap();
        stage.end().await;
    }
}

#[tokio::test]
async fn streams_of_a_connection_do_not_wait_for_each_other() {
    let mut stage = Stage::new(Some(true)).await;
    let (client, mut server, first) = under_way(&mut stage, "/jobs/7").await;
    let held = server.call().await;
    for number in 2..10 {
        let answer = client.asks(post("/jobs/8"), "").await;
        server.call().await.answers(made(), "other").await;
        assert_eq!(told(answer).await, "201 Created other");
        stage
            .expect(&[
                &format!("{number} asked worker POST /jobs/8"),
                &format!("{number} answered 201"),
                &format!("{number} saw 201, 5"),
            ])
            .await;
    }
    held.answers(made(), "made").await;
    assert_eq!(told(first).await, "201 Created made");
    stage.expect(&["1 answered 201", "1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn answers_without_a_body_and_interim_answers_pass() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let bare = |method, status: u16| {
        let request = Request::builder().method(method).uri("http://site/x");
        let answer = Response::builder().status(status);
        (
            request.body(()).unwrap(),
            answer.header("content-length", "9").body(()).unwrap(),
        )
    };
    let mut server = None;
    for (number, (method, status)) in [(Method::HEAD, 200), (Method::GET, 304)]
        .into_iter()
        .enumerate()
    {
        let number = number + 1;
        let (request, head) = bare(method.clone(), status);
        let answer = client.asks(request, "").await;
        if server.is_none() {
            server = Some(Server::accept(&stage).await);
        }
        let call = server.as_mut().unwrap().call().await;
        call.answers(head, "").await;
        let heard = answer_heard(answer).await.unwrap();
        assert_eq!(heard.headers, [("content-length".into(), b"9".to_vec())]);
        stage
            .expect(&[
                &format!("{number} asked worker {method} /x"),
                &format!("{number} answered {status}"),
                &format!("{number} saw {status}, 0"),
            ])
            .await;
    }
    let mut server = server.unwrap();
    let mut answer = client.asks(post("/jobs/7"), "hello").await;
    let mut call = server.call().await;
    let hint = Response::builder().status(103).header("link", "</x>");
    call.respond
        .send_informational(hint.body(()).unwrap())
        .unwrap();
    let interim = std::future::poll_fn(|cx| answer.poll_informational(cx));
    let interim = soon(interim).await.unwrap().unwrap();
    assert_eq!(interim.status(), StatusCode::EARLY_HINTS);
    assert_eq!(interim.headers()["link"], "</x>");
    call.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            "3 asked worker POST /jobs/7",
            "3 answered 201",
            "3 saw 201, 4",
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn both_ways_go_on_while_the_other_does() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let (answer, mut to) = client.begins(post("/jobs/7"), false).await;
    let mut server = Server::accept(&stage).await;
    let Call {
        request,
        mut respond,
    } = server.call().await;
    let mut asked = request.into_body();
    let mut back = respond.send_response(made(), false).unwrap();
    // The head alone arrives at once, and so does each piece.
    let mut answered = soon(answer).await.unwrap().into_body();
    for piece in ["one", "two", "three"] {
        to.send_data(Bytes::from_static(piece.as_bytes()), false)
            .unwrap();
        assert_eq!(soon(asked.data()).await.unwrap().unwrap(), piece);
        back.send_data(Bytes::from_static(piece.as_bytes()), false)
            .unwrap();
        assert_eq!(soon(answered.data()).await.unwrap().unwrap(), piece);
    }
    // The answer may end first.
    back.send_trailers(headers(&[("grpc-status", "0")]))
        .unwrap();
    assert!(soon(answered.data()).await.is_none());
    stage
        .expect(&[
            "1 asked worker POST /jobs/7",
            "1 answered 201",
            "1 saw 201, 11",
        ])
        .await;
    to.send_data(Bytes::from_static(b"four"), true).unwrap();
    assert_eq!(soon(asked.data()).await.unwrap().unwrap(), "four");
    assert!(soon(asked.data()).await.is_none());
    stage.end().await;
}

#[tokio::test]
async fn a_callee_may_answer_and_refuse_the_rest_of_a_request() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let (answer, mut to) = client.begins(post("/jobs/7"), false).await;
    let mut server = Server::accept(&stage).await;
    let mut call = server.call().await;
    call.respond.send_response(made(), true).unwrap();
    drop(call);
    assert_eq!(told(answer).await, "201 Created ");
    let refused = std::future::poll_fn(|cx| to.poll_reset(cx));
    assert_eq!(soon(refused).await.unwrap(), Reason::NO_ERROR);
    stage
        .expect(&[
            "1 asked worker POST /jobs/7",
            "1 answered 201",
            "1 saw 201, 0",
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_reset_passes_with_its_reason_both_ways() {
    let mut stage = Stage::new(None).await;
    let (client, mut server, answer) = under_way(&mut stage, "/jobs/7").await;
    let mut call = server.call().await;
    call.respond.send_reset(Reason::ENHANCE_YOUR_CALM);
    let error = answer_heard(answer).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    stage.expect(&["1 unanswered", "1 saw reset"]).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut call = server.call().await;
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    drop(answer);
    let left = std::future::poll_fn(|cx| call.respond.poll_reset(cx));
    assert_eq!(soon(left).await.unwrap(), Reason::CANCEL);
    stage.expect(&["2 unanswered", "2 left"]).await;
    // Others on the connection have not noticed.
    let answer = client.asks(post("/jobs/8"), "").await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            "3 asked worker POST /jobs/8",
            "3 answered 201",
            "3 saw 201, 4",
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_without_an_authority_passes() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let request = Request::builder().method(Method::POST).uri("/jobs/7");
    let request = request.version(http::Version::HTTP_11).header("host", "s");
    let answer = client.asks(request.body(()).unwrap(), "").await;
    let mut server = Server::accept(&stage).await;
    let heard = server.call().await.answers(made(), "").await;
    assert_eq!(heard.head, "POST /jobs/7");
    assert_eq!(heard.headers, [("host".into(), b"s".to_vec())]);
    assert_eq!(told(answer).await, "201 Created ");
    stage
        .expect(&[
            "1 asked worker POST /jobs/7",
            "1 answered 201",
            "1 saw 201, 0",
        ])
        .await;
    stage.end().await;
}
