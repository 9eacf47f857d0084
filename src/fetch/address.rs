//! URLs: parsing, resolving redirects, origins.

use ureq::http::Uri;

/// Parses a URL as people write it: spaces around it, and characters that must be escaped, are allowed.
///
/// # Errors
/// The problem of the address, as a clause.
pub(crate) fn parse(text: &str) -> Result<Uri, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the URL is empty".to_string());
    }
    let mut escaped = String::with_capacity(text.len());
    // A fragment is not part of a request.
    for byte in text.split('#').next().unwrap_or_default().bytes() {
        match byte {
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    let uri: Uri = escaped.parse().map_err(|error| format!("it is not a URL: {error}"))?;
    if uri.scheme().is_none() || uri.host().is_none_or(|host| host.is_empty() || host.contains('%'))
    {
        return Err("it is not a URL with a protocol and a host, such as https://…".to_string());
    }
    Ok(uri)
}

/// A URL without user name and password, which would be sent along.
pub(crate) fn without_credentials(uri: &Uri) -> Option<Uri> {
    let authority = uri.authority()?.as_str();
    let Some((_, host)) = authority.rsplit_once('@') else { return Some(uri.clone()) };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(host.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// The URL that `location` means on the page `address` (RFC 3986, section 5.2).
pub(crate) fn resolve(address: &Uri, location: &str) -> Option<Uri> {
    let location = location.trim();
    if location.is_empty() {
        return None;
    }
    let scheme = address.scheme_str()?;
    let authority = address.authority()?;
    if has_scheme(location) {
        return parse(location).ok();
    }
    if location.starts_with("//") {
        return parse(&format!("{scheme}:{location}")).ok();
    }
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let (path, rest) = location.split_at(end);
    let path = if path.is_empty() {
        address.path().to_string()
    } else if path.starts_with('/') {
        without_dots(path)
    } else {
        let folder = address.path().rfind('/').map_or("/", |end| &address.path()[..=end]);
        without_dots(&format!("{folder}{path}"))
    };
    parse(&format!("{scheme}://{authority}{path}{rest}")).ok()
}

/// Returns `true` if a reference begins with a protocol, such as `https:` or `file:`.
fn has_scheme(location: &str) -> bool {
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// A path without `.` and `..`, which never lead above the root.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => {
                kept.push(part);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Who answers at a URL: protocol, host and port.
pub(crate) fn origin(address: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let scheme = address.scheme_str();
    let usual = if scheme == Some("https") { 443 } else { 80 };
    let host = address.host().map(str::to_ascii_lowercase);
    (scheme, host, address.port_u16().or(Some(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    /// RFC 3986, section 5.4, and what real pages send.
    #[test]
    fn redirects_are_relative_to_their_page() {
        let page = uri("https://hub.test:8443/a/b?q");
        for (location, expected) in [
            ("https://cdn.test/x?y=1#z", Some("https://cdn.test/x?y=1")),
            ("//cdn.test/x", Some("https://cdn.test/x")),
            ("/c/d?next=e", Some("https://hub.test:8443/c/d?next=e")),
            ("c", Some("https://hub.test:8443/a/c")),
            ("c d", Some("https://hub.test:8443/a/c%20d")),
            ("./c", Some("https://hub.test:8443/a/c")),
            ("../c", Some("https://hub.test:8443/c")),
            ("../../../c/.", Some("https://hub.test:8443/c/")),
            ("?z", Some("https://hub.test:8443/a/b?z")),
            ("c:d/e", None),
            ("", None),
            ("https://", None),
        ] {
            assert_eq!(resolve(&page, location), expected.map(uri), "{location}");
        }
    }

    #[test]
    fn a_url_is_taken_as_people_write_it() {
        let parsed = |text| parse(text).map(|uri| uri.to_string());
        assert_eq!(parsed(" http://a.test/b c.jpg\n").unwrap(), "http://a.test/b%20c.jpg");
        assert_eq!(parsed("http://a.test/ñ?x=%20#top").unwrap(), "http://a.test/%C3%B1?x=%20");
        for text in ["", "photo.jpg", "/a/b.jpg", "http:///a", "http://", "http://ñ.test/", "a b"]
        {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn credentials_are_taken_off() {
        let plain = |text| without_credentials(&uri(text)).unwrap().to_string();
        assert_eq!(plain("http://user:secret@a.test:81/b?c"), "http://a.test:81/b?c");
        assert_eq!(plain("http://a.test/@b"), "http://a.test/@b");
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let same = |a: &str, b: &str| origin(&uri(a)) == origin(&uri(b));
        assert!(same("https://hub.test/a", "https://HUB.test:443/b?c"));
        assert!(same("http://hub.test/a", "http://hub.test:80/"));
        assert!(!same("https://hub.test/", "http://hub.test/"));
        assert!(!same("https://hub.test/", "https://cdn.hub.test/"));
        assert!(!same("https://hub.test/", "https://hub.test:8443/"));
        assert!(!same("http://hub.test/", "http://hub.test@evil.test/"));
    }
}
