//! Framing against hyper: hyper never sees a request where we see none, nor another body in it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use hookwheel_ingress::parsers::Follower;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "framing",
    holds: "the verdict is the same however bytes arrive, and hyper reads no request and no body that we do not read",
    run,
    seeds,
    weight: 2,
};

fn run(input: &[u8]) -> u64 {
    let (ends, wrong) = followed(input);
    same_in_pieces(input, wrong);
    // What hyper is shown: the bytes before the wrong one, and what stands in its place.
    let shown = match wrong {
        Some((at, instead)) => [&input[..at], &[instead]].concat(),
        None => input.to_vec(),
    };
    let theirs = served(&shown);
    let ours = bodies(input, &ends);
    assert!(theirs.len() <= ours.len(), "hyper reads {} requests, we {}", theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(Some(theirs), ours.as_ref(), "another body");
    }
    trace((
        ends.len().min(4),
        wrong.map(|(_, instead)| instead),
        theirs.len().min(4),
        ours.iter().flatten().map(Vec::len).sum::<usize>().min(40),
    ))
}

/// Where each request ends, byte by byte, and the first wrong byte.
fn followed(input: &[u8]) -> (Vec<usize>, Option<(usize, u8)>) {
    let mut follower = Follower::default();
    let (mut ends, mut between, mut start) = (Vec::new(), true, 0);
    for (at, byte) in input.iter().enumerate() {
        if let Err((_, instead)) = follower.see(&[*byte]) {
            return (ends, Some((at, instead)));
        }
        let now = follower.is_between_requests();
        // An empty line before a request is part of it.
        if now && !between && input[start..=at] != *b"\r\n" {
            ends.push(at + 1);
        }
        if now {
            start = at + 1;
        }
        between = now;
    }
    (ends, None)
}

fn same_in_pieces(input: &[u8], wrong: Option<(usize, u8)>) {
    let half = input.len() / 2;
    for cut in [0, 1.min(input.len()), half, input.len().saturating_sub(1)] {
        let mut follower = Follower::default();
        let first = follower.see(&input[..cut]);
        let found = match first {
            Err(found) => Some(found),
            Ok(()) => follower.see(&input[cut..]).err().map(|(at, instead)| (at + cut, instead)),
        };
        assert_eq!(found.is_some(), wrong.is_some(), "cut at {cut}: {found:?}, byte by byte {wrong:?}");
        // Where a line is too long nobody can say which of its bytes is wrong; an earlier one is as good.
        assert!(found.is_none_or(|(at, _)| wrong.is_some_and(|(w, _)| at <= w)), "cut at {cut}: {found:?}, {wrong:?}");
    }
}

/// The body of each whole request, as a person would read it; `None` where nobody could.
fn bodies(input: &[u8], ends: &[usize]) -> Vec<Option<Vec<u8>>> {
    let mut start = 0;
    let mut bodies = Vec::new();
    for end in ends {
        bodies.push(body(&input[start..*end]));
        start = *end;
    }
    bodies
}

fn body(request: &[u8]) -> Option<Vec<u8>> {
    let leftover = request.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count() * 2;
    let request = &request[leftover..];
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let rest = &request[end + 4..];
    let chunked = head.lines().any(|line| line.split_once(':').is_some_and(|(name, _)| name == "transfer-encoding"));
    if chunked { unchunked(rest) } else { Some(rest.to_vec()) }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size = usize::from_str_radix(line.split(';').next()?.trim_end(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// The bodies of the requests that hyper reads to their end.
fn served(bytes: &[u8]) -> Vec<Vec<u8>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let seen = Arc::clone(&seen);
        async move {
            if let Ok(body) = request.into_body().collect().await
                && let Ok(mut seen) = seen.lock()
            {
                seen.push(body.to_bytes().to_vec());
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let stream = TokioIo::new(tokio::io::join(bytes, tokio::io::sink()));
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        // The sender says nothing more; what it has said is read to its end.
        .half_close(true)
        .max_headers(64)
        .serve_connection(stream, service);
    // It ends in an error as often as not; what it read before counts.
    let _ = block_on(connection);
    std::mem::take(&mut *seen.lock().expect("nobody else is here"))
}

fn seeds() -> Vec<Vec<u8>> {
    let heads = [
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /webhooks/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nhost:h\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 2\n\nhi",
        "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let rules = [
        "Content-Length: +5",
        "Content-Length: 5,5",
        "Content-Length : 5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "X: a\r\n b",
        "X: a\rb",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 0x5",
        "Transfer-Encoding:\x0bchunked",
    ];
    let ruled =
        rules.map(|rule| format!("POST / HTTP/1.1\r\nHost: h\r\n{rule}\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    heads.map(str::to_owned).into_iter().chain(ruled).map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_opinions_read_what_is_plainly_there() {
        let [plain, chunked] = [&seeds()[0], &seeds()[1]];
        assert_eq!(served(plain), [b"hello".to_vec(), Vec::new()]);
        assert_eq!(bodies(plain, &followed(plain).0), [Some(b"hello".to_vec()), Some(Vec::new())]);
        assert_eq!(served(chunked), [b"hello0123456789".to_vec()]);
        assert_eq!(bodies(chunked, &followed(chunked).0), [Some(b"hello0123456789".to_vec())]);
    }
}
