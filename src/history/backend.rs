//! What the queries of the store need of a database: the same statements run on all of them.
//!
//! Statements are written for `SQLite`, with `?1`, `?2`, … for their values.

use jiff::Timestamp;

use super::failure::Failure;

/// The outcome of what a database does.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

/// A value in a row or a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of an answer.
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// The column of this place as a number.
    pub(super) fn int(&self, place: usize) -> Outcome<i64> {
        self.opt_int(place)?.ok_or_else(|| self.wrong(place))
    }

    /// The column as a number, if there is one.
    pub(super) fn opt_int(&self, place: usize) -> Outcome<Option<i64>> {
        match self.0.get(place) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(place)),
        }
    }

    /// The column as a number with a fraction, if there is one.
    pub(super) fn opt_real(&self, place: usize) -> Outcome<Option<f64>> {
        match self.0.get(place) {
            Some(Value::Real(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(place)),
        }
    }

    /// The column as a text.
    pub(super) fn text(&self, place: usize) -> Outcome<String> {
        self.opt_text(place)?.ok_or_else(|| self.wrong(place))
    }

    /// The column as a text, if there is one.
    pub(super) fn opt_text(&self, place: usize) -> Outcome<Option<String>> {
        match self.0.get(place) {
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(place)),
        }
    }

    /// The column as a moment.
    pub(super) fn time(&self, place: usize) -> Outcome<Timestamp> {
        Timestamp::from_microsecond(self.int(place)?).map_err(|_| self.wrong(place))
    }

    fn wrong(&self, place: usize) -> Failure {
        Failure::Damaged(format!("column {place} holds {:?}", self.0.get(place)))
    }
}

/// See the module.
pub(super) trait Backend: Send {
    /// Runs a statement and returns how many rows it changed.
    fn execute(&self, statement: &str, values: &[Value]) -> Outcome<u64>;

    /// Runs a query and hands over its rows.
    fn query(&self, query: &str, values: &[Value], each: &mut dyn FnMut(Row) -> Outcome<()>) -> Outcome<()>;

    /// Runs statements without values.
    fn batch(&self, statements: &str) -> Outcome<()>;

    /// Begins a change, waiting for its turn to write.
    fn begin(&self) -> Outcome<()>;

    /// The comparison of a column with a pattern, and the pattern in its words; `*` stands for anything.
    fn pattern(&self, glob: &str) -> (&'static str, String);

    /// True where the server is gone, and asking another time may help.
    fn is_lost(&self) -> bool;
}

/// Makes a change as a whole or not at all.
pub(super) fn change<T>(backend: &dyn Backend, change: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    backend.begin()?;
    match change().and_then(|value| backend.batch("COMMIT").map(|()| value)) {
        Ok(value) => Ok(value),
        Err(failure) => {
            // The first failure says why; where even this fails, closing does it.
            let _ = backend.batch("ROLLBACK");
            Err(failure)
        }
    }
}

/// The rows of an answer, each made into something.
pub(super) fn rows<T>(
    backend: &dyn Backend,
    query: &str,
    values: &[Value],
    make: impl Fn(&Row) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    backend.query(query, values, &mut |row| {
        all.push(make(&row)?);
        Ok(())
    })?;
    Ok(all)
}

/// The conditions of a query and their values.
#[derive(Default)]
pub(super) struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds one; `?` in it is the value.
    pub(super) fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.texts.push(condition.replace('?', &format!("?{}", self.values.len())));
    }

    /// Adds one without a value.
    pub(super) fn fixed(&mut self, condition: &str) {
        self.texts.push(condition.to_owned());
    }

    /// A column must be equal to a text, or fit it where `*` stands for anything; `{}` in the condition is the comparison.
    pub(super) fn fits(&mut self, backend: &dyn Backend, condition: &str, wanted: Option<&String>) {
        let Some(wanted) = wanted else { return };
        if wanted.contains('*') {
            let (operator, pattern) = backend.pattern(wanted);
            self.add(&condition.replace("{}", &format!("{operator} ?")), pattern);
        } else {
            self.add(&condition.replace("{}", "= ?"), wanted);
        }
    }

    /// Puts conditions about another table together into one; nothing where there are none.
    pub(super) fn together(&mut self, condition: &str, inner: impl FnOnce(&mut Self)) {
        let outer = self.texts.len();
        inner(self);
        let texts = self.texts.split_off(outer);
        if !texts.is_empty() {
            self.texts.push(condition.replace("{}", &texts.join(" AND ")));
        }
    }

    /// A column must not be before a moment.
    pub(super) fn since(&mut self, column: &str, moment: Option<Timestamp>) {
        if let Some(moment) = moment {
            self.add(&format!("{column} >= ?"), moment.as_microsecond());
        }
    }

    /// A column must not be after a moment.
    pub(super) fn until(&mut self, column: &str, moment: Option<Timestamp>) {
        if let Some(moment) = moment {
            self.add(&format!("{column} <= ?"), moment.as_microsecond());
        }
    }

    /// All of them behind `WHERE`; nothing where there are none.
    pub(super) fn text(&self) -> String {
        if self.texts.is_empty() { String::new() } else { format!("WHERE {}", self.texts.join(" AND ")) }
    }

    /// The values in their order.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }
}
