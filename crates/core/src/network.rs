//! Address ranges: where requests may come from.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A range of addresses such as `192.0.2.0/24`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a range like \"192.0.2.0/24\" or \"2001:db8::/32\"")]
pub struct BadNetwork;

impl Network {
    /// The range of so many leading bits around an address. A v4 address in v6 clothes counts as v4.
    pub fn around(address: IpAddr, bits: u8) -> Result<Self, BadNetwork> {
        let address = address.to_canonical();
        Ok(Self { address: prefix(address, bits).ok_or(BadNetwork)?, bits })
    }

    /// The one address.
    pub fn exactly(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether the address is in the range. A v4 address in v6 clothes counts as v4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && prefix(address, self.bits) == Some(self.address)
    }
}

/// The address with all but its first `bits` cleared; `None` if it has not so many.
fn prefix(address: IpAddr, bits: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => {
            let cleared = 32_u32.checked_sub(bits.into())?;
            IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(cleared).unwrap_or(0)).into())
        }
        IpAddr::V6(v6) => {
            let cleared = 128_u32.checked_sub(bits.into())?;
            IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(cleared).unwrap_or(0)).into())
        }
    })
}

impl FromStr for Network {
    type Err = BadNetwork;

    /// Bits of the address beyond the range's length are taken and cleared: people write a host with its network's length.
    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(most), str::parse).map_err(|_| BadNetwork)?;
        let clothes = if address.is_ipv6() && address.to_canonical().is_ipv4() { 96 } else { 0 };
        Self::around(address, bits.checked_sub(clothes).ok_or(BadNetwork)?)
    }
}

impl TryFrom<String> for Network {
    type Error = BadNetwork;

    fn try_from(text: String) -> Result<Self, BadNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        range.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_its_range_and_in_no_other() {
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.77/24", "192.0.2.1"), "bits beyond the length do not matter");
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::/0", "::1") && !holds("::/0", "192.0.2.1"));
    }

    #[test]
    fn v4_in_v6_clothes_is_v4() {
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.9") && holds("::ffff:192.0.2.0/120", "192.0.2.9"));
    }

    #[test]
    fn what_is_no_range_is_refused_and_what_is_one_comes_back() {
        for wrong in
            ["", "192.0.2.0/33", "192.0.2/24", "::/129", "192.0.2.0/", "192.0.2.0/-1", "host", "::ffff:1.2.3.4/8"]
        {
            assert_eq!(wrong.parse::<Network>(), Err(BadNetwork), "{wrong}");
        }
        let json = serde_json::to_string(&"10.1.2.3/8".parse::<Network>().unwrap()).unwrap();
        assert_eq!(json, "\"10.0.0.0/8\"");
        assert_eq!(serde_json::from_str::<Network>(&json).unwrap().to_string(), "10.0.0.0/8");
    }
}
