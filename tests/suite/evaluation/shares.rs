//! Shares, their intervals, percentiles and the sign test.

use outcrop::domain::evaluation::interval::{clopper_pearson, nearest_rank, percentile, sign_test, wilson};

use super::{close, number, numbers, vectors};

#[test]
fn wilson_and_clopper_pearson_are_those_of_statsmodels() {
    for (wins, n) in [(81, 263), (15, 148), (0, 20), (1, 29)] {
        let known = vectors(&format!("wilson_{wins}_{n}"));
        for (told, known) in [
            (wilson(wins as f64, n as f64).unwrap(), numbers(&known["wilson"])),
            (clopper_pearson(wins, n).unwrap(), numbers(&known["clopper_pearson"])),
        ] {
            close(told.value, wins as f64 / n as f64, 0.0);
            close(told.low, known[0], 1e-12);
            close(told.high, known[1], 1e-12);
        }
    }
}

#[test]
fn the_sign_test_is_the_exact_test_of_mcnemar() {
    let known = vectors("mcnemar_b10_c25");
    close(sign_test(10, 25).unwrap(), number(&known["exact_p"]), 1e-14);
    // The statistic of the same split, by which the exact test is known to be of these counts: (|b − c| − 1)² / (b + c).
    close(((10.0_f64 - 25.0).abs() - 1.0).powi(2) / 35.0, number(&known["chi2cc"]), 1e-12);
}

#[test]
fn both_kinds_of_percentiles_are_those_of_numpy() {
    let known = vectors("percentile");
    let data = numbers(&known["data"]);
    for (hundredths, value) in known["linear"].as_object().unwrap() {
        let share = hundredths.parse::<f64>().unwrap() / 100.0;
        close(percentile(&data, share).unwrap(), number(value), 1e-12);
        close(nearest_rank(&data, share).unwrap(), number(&known["nearest_rank"][hundredths]), 0.0);
    }
}
