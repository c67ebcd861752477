//! Choosing the next token.

use crate::domain::catalog::Sampling;
use crate::domain::settings::Settings;

/// How tokens are chosen when neither the person nor the model file says.
const TEMPERATURE: f32 = 0.7;
const TOP_P: f32 = 0.95;
const TOP_K: u32 = 40;
/// Tokens that a penalty looks back on, as llama.cpp has it.
const LATELY: usize = 64;

/// The settings that a model is asked with where the person sets none; `own` is what suits it.
pub(super) fn standing(own: Sampling) -> Settings {
    Settings {
        temperature: own.temperature.or(Some(TEMPERATURE)),
        top_p: own.top_p.or(Some(TOP_P)),
        top_k: own.top_k.or(Some(TOP_K)),
        repeat_penalty: sound(own.repeat_penalty),
        ..Settings::default()
    }
}

/// A file may ask for anything.
fn sound(penalty: Option<f32>) -> Option<f32> {
    penalty.filter(|penalty| *penalty > 0.0)
}

/// A sampler with its own small generator (`SplitMix64`, Steele et al. 2014): the same seed chooses the same.
#[derive(Debug)]
pub(super) struct Sampler {
    temperature: f32,
    top_p: f32,
    top_k: usize,
    repeat_penalty: f32,
    /// The likeliest is taken, whatever the seed.
    greedy: bool,
    state: u64,
    /// Tokens that are in the draw, with their weights.
    draw: Vec<(u32, f32)>,
}

impl Sampler {
    /// `own` is what suits the model; `seed` serves where the settings have none.
    pub(super) fn new(settings: &Settings, own: Sampling, seed: u64) -> Self {
        let temperature = settings.temperature.or(own.temperature).unwrap_or(TEMPERATURE);
        let top_k = settings.top_k.or(own.top_k).unwrap_or(TOP_K) as usize;
        let greedy = temperature <= 0.0 || top_k == 1;
        // What suits the model suits its draw; who asks for the likeliest gets that, but for a penalty of their own.
        let own_penalty = sound(own.repeat_penalty).filter(|_| !greedy);
        Self {
            temperature,
            top_p: settings.top_p.or(own.top_p).unwrap_or(TOP_P),
            top_k,
            repeat_penalty: settings.repeat_penalty.or(own_penalty).unwrap_or(1.0),
            greedy,
            state: settings.seed.unwrap_or(seed),
            draw: Vec::new(),
        }
    }

    /// Chooses a token by its logits; `before` is what stands in front of it.
    pub(super) fn choose(&mut self, logits: &[f32], before: &[u32]) -> u32 {
        if self.greedy && !self.penalises() {
            return outcrop_kernel::likeliest(logits) as u32;
        }
        self.choose_among(logits, before, |_| true)
    }

    /// The same among the tokens that are allowed: the others are as if the model had none of them.
    pub(super) fn choose_among(
        &mut self,
        logits: &[f32],
        before: &[u32],
        allowed: impl Fn(u32) -> bool,
    ) -> u32 {
        // Anything that is no number loses against everything.
        let by_logit = |a: f32, b: f32| {
            let sound = |x: f32| if x.is_nan() { f32::NEG_INFINITY } else { x };
            sound(b).total_cmp(&sound(a))
        };
        let best = || {
            let all = (0_u32..).zip(logits).filter(|(id, _)| allowed(*id));
            all.min_by(|a, b| by_logit(*a.1, *b.1)).map_or(0, |(id, _)| id)
        };
        if self.greedy && !self.penalises() {
            return best();
        }
        self.draw.clear();
        let all = (0_u32..).zip(logits.iter().copied());
        self.draw.extend(all.filter(|(id, logit)| logit.is_finite() && allowed(*id)));
        if self.draw.is_empty() {
            return best();
        }
        self.penalise(&before[before.len().saturating_sub(LATELY)..]);
        let order = |a: &(u32, f32), b: &(u32, f32)| by_logit(a.1, b.1).then(a.0.cmp(&b.0));
        if self.greedy {
            return self.draw.iter().copied().min_by(order).map_or(0, |(id, _)| id);
        }
        if self.top_k > 0 && self.top_k < self.draw.len() {
            self.draw.select_nth_unstable_by(self.top_k - 1, order);
            self.draw.truncate(self.top_k);
        }
        self.draw.sort_unstable_by(order);
        let most = self.draw.first().map_or(0.0, |(_, logit)| *logit);
        // As in llama.cpp, the nucleus is cut before the temperature is applied.
        if self.top_p < 1.0 {
            let total: f32 = self.draw.iter().map(|(_, logit)| (logit - most).exp()).sum();
            let mut mass = 0.0;
            let inside = self.draw.iter().take_while(|(_, logit)| {
                let before = mass;
                mass += (logit - most).exp() / total;
                before < self.top_p
            });
            let keep = inside.count().max(1);
            self.draw.truncate(keep);
        }
        for (_, weight) in &mut self.draw {
            *weight = ((*weight - most) / self.temperature).exp();
        }
        let total: f32 = self.draw.iter().map(|(_, weight)| weight).sum();
        let mut left = self.next() * total;
        for (id, weight) in &self.draw {
            left -= weight;
            if left < 0.0 {
                return *id;
            }
        }
        self.draw.last().map_or(0, |(id, _)| *id)
    }

    fn penalises(&self) -> bool {
        (self.repeat_penalty - 1.0).abs() >= f32::EPSILON
    }

    /// As llama.cpp does it, in front of everything else: each token that occurs loses once.
    fn penalise(&mut self, lately: &[u32]) {
        if !self.penalises() {
            return;
        }
        for (i, token) in lately.iter().enumerate() {
            if lately[..i].contains(token) {
                continue;
            }
            if let Ok(at) = self.draw.binary_search_by_key(token, |(id, _)| *id) {
                let logit = &mut self.draw[at].1;
                *logit =
                    if *logit <= 0.0 { *logit * self.repeat_penalty } else { *logit / self.repeat_penalty };
            }
        }
    }

    /// A number from 0 up to, not including, 1.
    fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(temperature: f32, top_p: f32, top_k: u32, seed: u64) -> Settings {
        Settings {
            temperature: Some(temperature),
            top_p: Some(top_p),
            top_k: Some(top_k),
            seed: Some(seed),
            ..Settings::default()
        }
    }

    fn sampler(temperature: f32, top_p: f32, top_k: u32, seed: u64) -> Sampler {
        Sampler::new(&settings(temperature, top_p, top_k, seed), Sampling::default(), 0)
    }

    #[test]
    fn temperature_zero_takes_the_likeliest_and_the_first_of_equals() {
        let mut greedy = sampler(0.0, 1.0, 0, 1);
        assert_eq!(greedy.choose(&[0.0, 3.0, f32::NAN, 3.0, f32::NEG_INFINITY], &[]), 1);
    }

    #[test]
    fn a_seed_repeats_its_choices_and_another_makes_others() {
        let logits: Vec<f32> = (0..50).map(|i| (i % 7) as f32 / 7.0).collect();
        let run = |seed| {
            let mut s = sampler(1.0, 1.0, 0, seed);
            (0..40).map(|_| s.choose(&logits, &[])).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn top_k_and_top_p_leave_the_rest_out() {
        let logits = [5.0, 4.0, 3.0, 2.0, 1.0];
        let mut k = sampler(2.0, 1.0, 2, 3);
        assert!((0..200).all(|_| k.choose(&logits, &[]) < 2));
        // The first has 0.64 of the mass, the first two 0.87.
        let mut p = sampler(2.0, 0.8, 0, 3);
        let seen: Vec<_> = (0..200).map(|_| p.choose(&logits, &[])).collect();
        assert!(seen.iter().all(|id| *id < 2) && seen.contains(&1));
    }

    #[test]
    fn what_was_written_lately_loses_once() {
        let own = Sampling { repeat_penalty: Some(2.0), ..Sampling::default() };
        let sampler = |temperature| Sampler::new(&settings(temperature, 1.0, 0, 1), own, 0);
        // 4 becomes 2 and -1 becomes -2, each once, however often it occurs; what is no token is nothing.
        let (logits, before) = ([4.0, 3.0, -1.0, f32::NAN, -1.5], [0, 0, 2, 3, 77]);
        let mut one = sampler(1.0);
        one.choose(&logits, &before);
        assert_eq!(one.draw.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 0, 4, 2]);
        let weights: Vec<f32> = one.draw.iter().map(|(_, weight)| weight.ln()).collect();
        for (weight, expected) in weights.iter().zip([0.0, -1.0, -4.5, -5.0]) {
            assert!((weight - expected).abs() < 1e-4, "{weights:?}");
        }
        // What the person sets comes before what suits the model.
        let set = Settings { repeat_penalty: Some(1.0), ..settings(1.0, 1.0, 0, 1) };
        let mut one = Sampler::new(&set, own, 0);
        one.choose(&logits, &before);
        assert_eq!(one.draw.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2, 4]);
        assert_eq!(standing(own).repeat_penalty, Some(2.0));
        assert_eq!(standing(Sampling { repeat_penalty: Some(0.0), ..own }).repeat_penalty, None);
        // Only what is near counts.
        let far: Vec<u32> = std::iter::once(0).chain([2; LATELY]).collect();
        one.choose(&logits, &far);
        assert_eq!(one.draw[0].0, 0);
    }

    #[test]
    fn a_penalty_that_is_set_holds_where_the_likeliest_is_taken_and_one_that_suits_the_model_does_not() {
        let own = Sampling { repeat_penalty: Some(2.0), ..Sampling::default() };
        let (logits, before) = ([4.0, 3.0, -1.0, f32::NAN, -1.5], [0, 0, 2, 3, 77]);
        for (temperature, top_k) in [(0.0, 0), (1.0, 1)] {
            let unset = settings(temperature, 1.0, top_k, 1);
            assert_eq!(Sampler::new(&unset, own, 0).choose(&logits, &before), 0);
            for (penalty, chosen) in [(1.0, 0), (1.3, 0), (1.4, 1), (2.0, 1)] {
                let set = Settings { repeat_penalty: Some(penalty), ..unset.clone() };
                assert_eq!(Sampler::new(&set, own, 0).choose(&logits, &before), chosen, "{penalty}");
            }
        }
    }

    #[test]
    fn what_is_not_allowed_is_never_chosen_and_takes_no_place_among_the_likeliest() {
        let logits = [5.0, 4.0, 3.0, 2.0, f32::NAN];
        let odd = |id: u32| id % 2 == 1;
        assert_eq!(sampler(0.0, 1.0, 0, 1).choose_among(&logits, &[], odd), 1);
        let mut two = sampler(2.0, 1.0, 2, 3);
        let seen: Vec<_> = (0..100).map(|_| two.choose_among(&logits, &[], odd)).collect();
        assert!(seen.iter().all(|id| odd(*id)) && seen.contains(&3), "{seen:?}");
        assert_eq!(two.choose_among(&logits, &[], |id| id == 4), 4, "of no number too");
    }

    #[test]
    fn choices_come_as_often_as_their_weights_say() {
        let logits = [1.0_f32.ln(), 3.0_f32.ln()];
        let mut s = sampler(1.0, 1.0, 0, 11);
        let ones = (0..10_000).filter(|_| s.choose(&logits, &[]) == 1).count();
        assert!((7300..7700).contains(&ones), "{ones}");
    }
}
