//! What left this machine, as the log has it.

use crate::domain::time::Timestamp;
use crate::domain::trace::{Egress, Exchange, ExchangeId, Purpose, Span};
use crate::domain::{ErrorKind, Result};
use crate::store::record::EgressKey;
use crate::store::{Scan, Store};

/// Exchanges of one page at most, whoever asks for more.
const PAGE: usize = 1_000;

/// The newest exchanges behind `before` that ended at `since` or later, and whether there are older ones. Damaged records are
/// left out. Blocks.
pub(super) fn exchanges(
    store: &Store,
    since: Option<Timestamp>,
    before: Option<ExchangeId>,
    limit: usize,
) -> Result<(Vec<Exchange>, bool)> {
    let mut scan = Scan::<Egress>::all().reverse();
    if let Some(ExchangeId { at, id }) = before {
        scan = scan.after(&EgressKey(at, id));
    }
    let mut page = Vec::new();
    for record in store.scan(scan) {
        let (EgressKey(at, id), egress) = match record {
            Ok(record) => record,
            Err(error) if error.kind == ErrorKind::Corrupt => continue,
            Err(error) => return Err(error),
        };
        if since.is_some_and(|since| at < since) {
            break;
        }
        if page.len() == limit.min(PAGE) {
            return Ok((page, true));
        }
        let call = purpose(store, &egress)?;
        page.push(Exchange { id: ExchangeId { at, id }, egress, call });
    }
    Ok((page, false))
}

/// What an exchange was made for, where that is still known.
fn purpose(store: &Store, egress: &Egress) -> Result<Option<Purpose>> {
    let Some(id) = egress.span else { return Ok(None) };
    match store.get::<Span>(&id) {
        Ok(span) => Ok(span.map(|Span { kind, provider, model, .. }| Purpose { kind, provider, model })),
        Err(error) if error.kind == ErrorKind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fresh;
    use crate::store::{Batch, Owner, Unlock};

    /// As versions that counted no headers wrote it.
    const BEFORE: &str =
        r#"{"number":1,"host":"old:443","status":200,"sent":7,"received":9,"request_id":null}"#;

    #[test]
    fn the_log_is_read_newest_first_in_pages_from_a_time_on() {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        let old: Egress = serde_json::from_str(BEFORE).unwrap();
        assert_eq!((old.head, old.left()), (None, None), "what was not counted is not known");
        let mut batch = Batch::new();
        for at in 0..5 {
            let egress = Egress { number: at, head: Some(100), ..old.clone() };
            batch.put(&EgressKey(Timestamp(at as i64 * 10), fresh::span_id()), &egress).unwrap();
        }
        store.commit(batch).unwrap();
        let numbers =
            |page: &[Exchange]| page.iter().map(|exchange| exchange.egress.number).collect::<Vec<_>>();
        let (first, more) = exchanges(&store, None, None, 2).unwrap();
        assert_eq!((numbers(&first), more), (vec![4, 3], true));
        assert_eq!((first[0].egress.left(), &first[0].call), (Some(107), &None));
        let (rest, more) = exchanges(&store, None, Some(first[1].id), 9).unwrap();
        assert_eq!((numbers(&rest), more), (vec![2, 1, 0], false));
        let (late, more) = exchanges(&store, Some(Timestamp(30)), None, 2).unwrap();
        assert_eq!((numbers(&late), more), (vec![4, 3], false), "older ones were not asked for");
    }
}
