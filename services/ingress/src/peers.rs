//! Where a request comes from, when it may have come through proxies.

use std::net::{IpAddr, SocketAddr};

use hookwheel_core::network::Network;
use http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Most hops that are looked at; more proxies than this have nobody.
const MOST_HOPS: usize = 32;

/// The socket's peer; behind trusted proxies the right-most hop of `X-Forwarded-For` that is none of them. What stands left
/// of it was written by the sender and is never believed. A hop that is no address ends the search at the proxy that told it.
pub(crate) fn sender(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let mut sender = peer.to_canonical();
    if proxies.is_empty() {
        return sender;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')).take(MOST_HOPS);
    while is_proxy(sender) {
        let Some(hop) = hops.next().and_then(address) else { break };
        sender = hop;
    }
    sender
}

/// `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:8080`.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies: Vec<_> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        sender(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_header_is_nothing() {
        assert_eq!(seen("203.0.113.9", &["192.0.2.1"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["192.0.2.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_hop_that_is_no_proxy_is_the_sender() {
        let proxies = &["10.0.0.0/8", "2001:db8::/32"];
        for (lines, wanted) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1 , 10.1.1.1"], "192.0.2.1"),
            (&["6.6.6.6", "192.0.2.1:4711", "10.1.1.1"], "192.0.2.1"),
            (&["192.0.2.1, [2001:db8::7]:443, 2001:db8::8"], "192.0.2.1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["[2001:4860::1]"], "2001:4860::1"),
            (&["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            (&[], "10.0.0.1"),
            (&["192.0.2.1, unknown"], "10.0.0.1"),
            (&["192.0.2.1, unknown, 10.1.1.1"], "10.1.1.1"),
            (&[""], "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", lines, proxies), wanted, "{lines:?}");
        }
    }
}
