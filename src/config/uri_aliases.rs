//! The aliases of `libvirt.conf`: short names that libvirt takes in the place of a URI.

use std::path::PathBuf;

use directories::BaseDirs;

/// Reads the aliases, each with its URI, in their order; none where there is no such file.
pub fn read() -> Vec<(String, String)> {
    let text = place().and_then(|path| std::fs::read_to_string(path).ok());
    text.map(|text| parse(&text)).unwrap_or_default()
}

/// Where libvirt looks: root has the system's file, everybody else their own.
fn place() -> Option<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Some("/etc/libvirt/libvirt.conf".into());
    }
    Some(BaseDirs::new()?.config_dir().join("libvirt/libvirt.conf"))
}

/// `uri_aliases = [ "name=uri", … ]`; the list may go over many lines, and `#` begins a comment.
fn parse(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n");
    let list = text.split_once("uri_aliases").and_then(|(_, rest)| rest.trim_start().strip_prefix('='));
    let Some(list) = list.and_then(|rest| rest.trim_start().strip_prefix('[')) else { return Vec::new() };
    let mut found = Vec::new();
    let mut rest = list;
    // A comma, a comment or a line end stands in front of each text; the list ends at its bracket.
    while let Some(start) = rest.find(['"', '\'', ']']) {
        let quote = rest[start..].chars().next().filter(|quote| *quote != ']');
        let Some((entry, behind)) = quote.and_then(|quote| rest[start + 1..].split_once(quote)) else {
            break;
        };
        if let Some((name, uri)) = entry.split_once('=') {
            found.push((name.to_owned(), uri.to_owned()));
        }
        rest = behind;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_read_over_many_lines_and_comments_are_not() {
        let text = "# uri_aliases = [ \"no=a:///\" ]\nuri_default = \"x:///\"\nuri_aliases = [\n  \"hail=qemu+ssh://root@hail/system\",\n  # \"old=y:///\",\n  'sleet=qemu:///system?a=b',\n]\nother = [ \"z=1\" ]\n";
        let expected = [("hail", "qemu+ssh://root@hail/system"), ("sleet", "qemu:///system?a=b")];
        assert_eq!(parse(text), expected.map(|(name, uri)| (name.to_owned(), uri.to_owned())));
    }

    #[test]
    fn a_file_without_or_with_half_a_list_is_no_trouble() {
        for text in ["", "uri_aliases", "uri_aliases = [", "uri_aliases = [ \"a", "uri_aliases = [ ]"] {
            assert!(parse(text).is_empty(), "{text}");
        }
    }
}
