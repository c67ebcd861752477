//! `outcrop usage egress`: what left this machine.

use jiff::Zoned;

use super::item::Item;
use super::out::Out;
use super::usage::time;
use super::{Asker, End, Exit, unexpected, words};
use crate::domain::Result;
use crate::workbench::reply::Exchange;
use crate::workbench::request::usage::Usage;
use crate::workbench::{Reply, Request};

pub(super) async fn egress(
    limit: usize,
    since: Option<&str>,
    asker: &Asker,
    out: &mut Out,
) -> Result<Exit, End> {
    let since = since.map(|text| time("--since", text, false, &Zoned::now())).transpose()?;
    let mut left = if limit == 0 { usize::MAX } else { limit };
    let mut shown = Vec::new();
    let (mut before, mut older) = (None, true);
    while left > 0 && older {
        let reply = asker.one(Request::Usage(Usage::Egress { since, before, limit: left }), out).await?;
        let Reply::Exchanges { exchanges, more } = reply else { return Err(unexpected(&reply)) };
        left = left.saturating_sub(exchanges.len());
        older = more && !exchanges.is_empty();
        before = exchanges.last().map(|exchange| exchange.id);
        if out.json {
            exchanges.iter().try_for_each(|exchange| out.object(&Item::Exchange { exchange }))?;
        } else {
            shown.extend(exchanges);
        }
    }
    if !out.json {
        table(&shown, since.is_some(), out)?;
    }
    if older {
        out.note("there are more; -n 0 shows all")?;
    }
    Ok(Exit::Done)
}

fn table(shown: &[Exchange], timed: bool, out: &mut Out) -> Result<(), End> {
    if shown.is_empty() {
        let when = if timed { " in that time" } else { ", as far as that is kept" };
        return out.note(&format!("nothing left this machine{when}"));
    }
    let head = ["ended", "sent", "received", "status"].map(str::to_owned).to_vec();
    let figures = words::ledger(std::iter::once(head).chain(shown.iter().map(figures)).collect());
    let head = ["server", "for"].map(str::to_owned);
    let places = std::iter::once(head).chain(shown.iter().map(place));
    let rows: Vec<_> =
        figures.into_iter().zip(places).map(|(line, [host, call])| vec![line, host, call]).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    out.note(
        "bytes; sent: request line, headers and body, as HTTP/1.1 writes them, +?: of the body alone, the others were not \
         counted; received: the body, ?: another program did not say",
    )
}

fn figures(exchange: &Exchange) -> Vec<String> {
    let egress = &exchange.egress;
    let sent = egress.left().map_or_else(|| format!("{}+?", words::grouped(egress.sent)), words::grouped);
    let received = egress.received.map_or_else(|| "?".to_owned(), words::grouped);
    let status = egress.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
    vec![words::time(exchange.id.at), sent, received, status]
}

fn place(exchange: &Exchange) -> [String; 2] {
    let call = match (&exchange.call, exchange.egress.span) {
        (Some(call), _) => {
            let who = call.model.as_ref().map_or_else(|| call.provider.clone(), ToString::to_string);
            format!("{} · {who}", call.kind.as_str())
        }
        (None, Some(_)) => "a call that goes on, or of which no record is left".to_owned(),
        (None, None) => exchange.egress.doing.clone().unwrap_or_else(|| "–".to_owned()),
    };
    [exchange.egress.host.clone(), call]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SpanId;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{Egress, ExchangeId};

    #[test]
    fn what_another_program_received_and_did_not_say_is_unknown_and_not_nothing() {
        let said = |received| {
            let egress = Egress {
                number: 1,
                span: None,
                doing: None,
                host: "a command".to_owned(),
                status: None,
                sent: 0,
                head: None,
                received,
                request_id: None,
            };
            let id = ExchangeId { at: Timestamp(0), id: SpanId::from_bytes([7; 16]) };
            figures(&Exchange { id, egress, call: None })[2].clone()
        };
        assert_eq!([said(None), said(Some(0)), said(Some(1_200))], ["?", "0", "1,200"]);
    }
}
