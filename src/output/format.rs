//! The names of the output formats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Data, did_you_mean};
use crate::error::Error;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people: aligned columns, sizes and times made readable, fitted to the width of the screen.
    Table,
    /// One compact line.
    Json,
    /// One compact line for each element of a list.
    Ndjson,
    /// A YAML document.
    Yaml,
    /// RFC 4180 with a line of headings.
    Csv,
    /// Tabs between columns; tabs, line ends and backslashes in values as `\t`, `\n`, `\r`, `\\`.
    Tsv,
    /// Texts as they are, lists one element a line, tables as plain columns with exact values.
    Text,
}

impl Format {
    /// All formats with their names, in the order of the help.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Table, "table"),
        (Self::Json, "json"),
        (Self::Ndjson, "ndjson"),
        (Self::Yaml, "yaml"),
        (Self::Csv, "csv"),
        (Self::Tsv, "tsv"),
        (Self::Text, "text"),
    ];

    /// Returns the format for a value when none was asked for: `table` on a terminal, elsewhere `json`
    /// for lists and maps and `text` for the rest.
    pub fn preferred(data: &Data, terminal: bool) -> Self {
        match data {
            _ if terminal => Self::Table,
            Data::List(_) | Data::Map(_) | Data::Record(_) | Data::Table(_) => Self::Json,
            _ => Self::Text,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        if let Some((format, _)) = Self::ALL.iter().find(|(_, name)| *name == word) {
            return Ok(*format);
        }
        let names = Self::ALL.map(|(_, name)| name);
        Err(did_you_mean(Error::usage(format!("there is no output format \"{word}\"")), word, &names))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(format, _)| format == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written() {
        for (format, name) in Format::ALL {
            assert_eq!(name.parse::<Format>().unwrap(), format);
            assert_eq!(format.to_string(), name);
            assert_eq!(serde_json::to_string(&format).unwrap(), format!("\"{name}\""));
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let error = "jsn".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "there is no output format \"jsn\"");
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `json`?"));
        let hint = "xml".parse::<Format>().unwrap_err().facts().hint.clone().unwrap();
        assert!(hint.starts_with("known: table, json"));
    }

    #[test]
    fn json_is_preferred_off_the_terminal_for_lists_and_maps_only() {
        assert_eq!(Format::preferred(&Data::List(vec![]), true), Format::Table);
        assert_eq!(Format::preferred(&Data::List(vec![]), false), Format::Json);
        assert_eq!(Format::preferred(&Data::Int(1), false), Format::Text);
        assert_eq!(Format::preferred(&Data::Null, false), Format::Text);
    }
}
