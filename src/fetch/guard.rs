//! Which addresses a download may connect to.

use super::address;
use super::config::FetchConfig;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use ureq::Proxy;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long a looked-up name stays valid. A look-up for each request would cost a thread each.
const LOOKUP_AGE: Duration = Duration::from_secs(60);
/// Marks the error of a refused address.
const REFUSED: &str = "the address is of a private network";

/// Returns `true` if an address is reachable from anywhere, by IANA's registries of special-purpose addresses.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a == 10
        || (a == 100 && (64..128).contains(&b))
        || a == 127
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 192 && b == 168)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // IPv4 in IPv6: mapped, translated (also within a site), 6to4.
        [0, 0, 0, 0, 0, 0xFFFF, high, low] => v4(high, low),
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo, benchmarks, ORCHID, documentation.
        [0x2001, second, ..] => second >= 0x200 && second != 0xDB8,
        [0x3FFF, second, ..] => second >= 0x1000,
        // Only 2000::/3 is given out to the public.
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

/// Returns `true` if a URL may be requested, by what is written in it.
///
/// # Errors
/// Why not, as a clause.
pub(super) fn check_address(address: &Uri, config: &FetchConfig) -> Result<(), String> {
    match address.scheme_str() {
        Some("http" | "https") => {}
        other => {
            let scheme = other.unwrap_or("none");
            return Err(format!("only http and https are allowed, found `{scheme}`"));
        }
    }
    if is_listed(address, &config.private_hosts) {
        return Ok(());
    }
    let host = address.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    if host == "localhost"
        || host.ends_with(".localhost")
        || literal.is_some_and(|address| !is_public(address))
    {
        return Err(format!("{REFUSED}: {host}"));
    }
    Ok(())
}

/// Returns `true` if an address is among hosts given as `host` or `host:port`.
fn is_listed(address: &Uri, hosts: &[String]) -> bool {
    let (_, host, port) = address::origin(address);
    let host = host.unwrap_or_default();
    let with_port = format!("{host}:{}", port.unwrap_or_default());
    hosts.iter().any(|listed| *listed == host || *listed == with_port)
}

/// Returns `true` if an error is a refusal of [`Guard`].
pub(super) fn is_refusal(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error) if error.to_string().starts_with(REFUSED))
}

/// Looks hosts up, and gives only addresses that a connection may use.
#[derive(Debug)]
pub(super) struct Guard {
    /// Hosts that may be of a private network.
    private_hosts: Vec<String>,
    /// The proxy's own host and port, which may be private.
    proxy: Option<(String, u16)>,
    lookups: Mutex<HashMap<String, (Instant, Vec<SocketAddr>)>>,
    inner: DefaultResolver,
}

impl Guard {
    pub(super) fn new(private_hosts: &[String], proxy: Option<&Proxy>) -> Self {
        let proxy = proxy.map(|proxy| (proxy.host().to_ascii_lowercase(), proxy.port()));
        let private_hosts = private_hosts.to_vec();
        Self { private_hosts, proxy, lookups: Mutex::default(), inner: DefaultResolver::default() }
    }

    fn is_proxy(&self, uri: &Uri) -> bool {
        let (_, host, port) = address::origin(uri);
        matches!((&self.proxy, host), (Some((name, at)), Some(host)) if *name == host && Some(*at) == port)
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (_, host, port) = address::origin(uri);
        let key = format!("{}:{}", host.unwrap_or_default(), port.unwrap_or_default());
        let known = self.lookups.lock().ok().and_then(|lookups| {
            let (at, found) = lookups.get(&key)?;
            (at.elapsed() < LOOKUP_AGE).then(|| found.clone())
        });
        let found = match known {
            Some(found) => found,
            None => {
                let resolved = self.inner.resolve(uri, config, timeout)?;
                let found: Vec<SocketAddr> = resolved.iter().copied().collect();
                if let Ok(mut lookups) = self.lookups.lock() {
                    lookups.insert(key, (Instant::now(), found.clone()));
                }
                found
            }
        };
        let any = is_listed(uri, &self.private_hosts) || self.is_proxy(uri);
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| any || is_public(address.ip())) {
            allowed.push(*address);
        }
        match found.first() {
            Some(refused) if allowed.is_empty() => Err(ureq::Error::Io(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                format!("{REFUSED}: {}", refused.ip()),
            ))),
            None => Err(ureq::Error::HostNotFound),
            Some(_) => Ok(allowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IANA's registries of special-purpose addresses (RFC 6890 and its updates); an IPv6 address with an IPv4 one
    /// inside counts as that one.
    #[test]
    fn special_addresses_are_not_public() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:4860::1",
        ];
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_are_refused_as_they_are_written() {
        let check = |text: &str, hosts: &[&str]| {
            let private_hosts = hosts.iter().map(|host| host.to_string()).collect();
            let config = FetchConfig { private_hosts, ..FetchConfig::default() };
            check_address(&text.parse().unwrap(), &config)
        };
        for text in
            ["http://127.0.0.1:80/", "http://[::1]/", "http://LOCALHOST./", "http://a.localhost/"]
        {
            assert!(check(text, &[]).is_err(), "{text}");
        }
        assert!(check("http://127.0.0.1:81/", &["127.0.0.1"]).is_ok());
        assert!(check("http://127.0.0.1:81/", &["127.0.0.1:81"]).is_ok());
        assert!(check("http://127.0.0.1:82/", &["127.0.0.1:81"]).is_err());
        assert!(check("https://example.org/", &[]).is_ok());
        assert!(check("ftp://example.org/", &["example.org"]).unwrap_err().contains("`ftp`"));
    }

    #[test]
    fn a_name_of_this_machine_is_refused_where_it_is_looked_up() {
        let uri: Uri = "http://localhost:80/".parse().unwrap();
        let resolve = |hosts: &[String]| {
            Guard::new(hosts, None).resolve(&uri, &Config::default(), NextTimeout::default())
        };
        let error = resolve(&[]).unwrap_err();
        assert!(is_refusal(&error), "{error}");
        assert!(resolve(&["localhost".to_string()]).is_ok());
    }
}
