//! Towers against candle, which computes the same layers in another way.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_nn::{LayerNorm, Linear, Module};

use super::*;
use crate::model::device::Precision;
use crate::model::transformer::{self as reference, Activation, HUGGING_FACE, causal_mask};
use crate::model::weights::Weights;

/// Random numbers between `-scale` and `scale`.
fn random(seed: u64, count: usize, scale: f32) -> Vec<f32> {
    let mut state = seed | 1;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * scale
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn tensor(seed: u64, shape: &[usize], scale: f32) -> Tensor {
    let values = random(seed, shape.iter().product(), scale);
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Layers of random weights, loaded by candle.
fn layers(config: &reference::Config) -> reference::Transformer {
    let &reference::Config { width, intermediate, layers, .. } = config;
    let mut tensors = HashMap::new();
    let mut add = |name: String, shape: &[usize], scale: f32| {
        let seed = 7919 * (tensors.len() as u64 + 1);
        tensors.insert(name, tensor(seed, shape, scale));
    };
    for layer in 0..layers {
        let part = |name: &str| format!("encoder.layers.{layer}.{name}");
        let products = [
            ("self_attn.q_proj", width, width),
            ("self_attn.k_proj", width, width),
            ("self_attn.v_proj", width, width),
            ("self_attn.out_proj", width, width),
            ("mlp.fc1", intermediate, width),
            ("mlp.fc2", width, intermediate),
        ];
        for (name, outputs, inputs) in products {
            let scale = (3.0 / inputs as f32).sqrt();
            add(part(&format!("{name}.weight")), &[outputs, inputs], scale);
            add(part(&format!("{name}.bias")), &[outputs], 0.3);
        }
        for name in ["layer_norm1", "layer_norm2"] {
            add(part(&format!("{name}.weight")), &[width], 1.5);
            add(part(&format!("{name}.bias")), &[width], 0.3);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layers.safetensors");
    candle_core::safetensors::save(&tensors, &file).unwrap();
    let weights = Weights::open(&file, &Device::Cpu).unwrap();
    reference::Transformer::load(&weights, "encoder", &HUGGING_FACE, config).unwrap()
}

fn config(heads: usize, width: usize, activation: Activation) -> reference::Config {
    let intermediate = 2 * width + 3;
    reference::Config { width, intermediate, layers: 3, heads, activation, eps: 1e-5 }
}

/// What both make of every token of sequences of these lengths.
fn both(
    config: &reference::Config,
    lengths: &[usize],
    sight: Sight,
    precision: Precision,
) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let (width, outputs) = (config.width, config.width + 5);
    let longest = *lengths.iter().max().unwrap();
    let positions = tensor(1, &[longest, width], 1.0);
    let norm = LayerNorm::new(tensor(2, &[width], 1.5), tensor(3, &[width], 0.5), config.eps);
    let projection = Linear::new(tensor(4, &[outputs, width], 0.2), None);
    let candle = layers(config);
    let tower = Tower::new(
        Embed::Tokens { positions: positions.flatten_all().unwrap().to_vec1().unwrap() },
        None,
        layers(config).pack(precision, sight).unwrap(),
        Pool::Token {
            norm: Norm::new(&norm).unwrap(),
            product: Product::new(&projection, Precision::F32).unwrap(),
        },
    );
    let rows = random(5, lengths.iter().sum::<usize>() * width, 1.0);

    let (mut ours, mut expected) = (Vec::new(), Vec::new());
    // Every place is once the one that is asked for.
    for place in 0..longest {
        let ends: Vec<usize> = lengths.iter().map(|length| place.min(length - 1)).collect();
        let batch = Batch { rows: Rows::Tokens(&rows), lengths, ends: Some(&ends) };
        let found = if place % 2 == 0 { tower.texts(batch) } else { tower.images(batch) };
        let mut start = 0;
        for ((&length, vector), end) in lengths.iter().zip(found).zip(ends) {
            if end == place {
                ours.push(vector);
                let x = &rows[start * width..][..length * width];
                let x = Tensor::from_slice(x, (1, length, width), &Device::Cpu).unwrap();
                let x = x.broadcast_add(&positions.narrow(0, 0, length).unwrap()).unwrap();
                let mask = causal_mask(length, &Device::Cpu).unwrap();
                let x = candle.forward(x, (sight == Sight::Back).then_some(&mask)).unwrap();
                let x = x.squeeze(0).unwrap().get(place).unwrap().unsqueeze(0).unwrap();
                let x = projection.forward(&norm.forward(&x).unwrap()).unwrap();
                expected.push(x.squeeze(0).unwrap().to_vec1().unwrap());
            }
            start += length;
        }
    }
    (ours, expected)
}

fn worst_difference(ours: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    let pairs = ours.iter().flatten().zip(expected.iter().flatten());
    assert_eq!(ours.len(), expected.len());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Heads and widths that fill no panel, lengths that fill no tile.
#[test]
fn layers_agree_with_candle_for_every_token() {
    use Activation::{Gelu, GeluPytorchTanh, QuickGelu};
    for (heads, width, activation) in [(3, 15, QuickGelu), (2, 80, Gelu), (1, 33, GeluPytorchTanh)]
    {
        for sight in [Sight::All, Sight::Back] {
            let config = config(heads, width, activation);
            let (ours, expected) = both(&config, &[1, 19, 40, 7], sight, Precision::F32);
            let worst = worst_difference(&ours, &expected);
            assert!(worst < 2e-4, "{heads} {width} {sight:?}: {worst}");
        }
    }
}

/// One sequence, so that several threads share it.
#[test]
fn a_single_sequence_is_the_same_on_all_cores() {
    let config = config(4, 64, Activation::QuickGelu);
    let (ours, expected) = both(&config, &[70], Sight::All, Precision::F32);
    assert!(worst_difference(&ours, &expected) < 2e-4);
}

/// With every kind of products in 8 bits, those whose inputs have 7 among them.
#[test]
fn eight_bits_stay_near() {
    let config = config(4, 128, Activation::QuickGelu);
    let lengths = [50, 50, 3];
    let (width, ends) = (config.width, [0, 17, 2]);
    let rows = random(5, 103 * width, 1.0);
    let tower = |precision, kernels| {
        let norm = LayerNorm::new(tensor(2, &[width], 1.5), tensor(3, &[width], 0.5), 1e-5);
        let tower = Tower::new(
            Embed::Tokens { positions: vec![0.0; 50 * width] },
            None,
            layers(&config).pack(precision, Sight::All).unwrap(),
            Pool::Token {
                norm: Norm::new(&norm).unwrap(),
                product: Product::pack(
                    &random(4, 90 * width, 0.2),
                    &[0.0; 90],
                    width,
                    Precision::F32,
                ),
            },
        );
        let batch = Batch { rows: Rows::Tokens(&rows), lengths: &lengths, ends: Some(&ends) };
        tower.with(kernels).texts(batch)
    };
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    for kernels in available() {
        let (exact, rounded) = (tower(Precision::F32, kernels), tower(Precision::Int8, kernels));
        assert_ne!(exact, rounded, "{}: nothing was rounded", kernels.name);
        for (a, b) in exact.iter().zip(&rounded) {
            let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
            assert!(cosine > 0.999, "{}: {cosine}", kernels.name);
        }
    }
}

/// Fewer sequences than threads, as many, and more, on as many threads as
/// processors have that are not at hand; and by several callers at once.
#[test]
fn vectors_do_not_depend_on_the_number_of_threads() {
    let config = config(4, 64, Activation::QuickGelu);
    let positions = random(1, 90 * 64, 1.0);
    let tower = Tower::new(
        Embed::Tokens { positions },
        None,
        layers(&config).pack(Precision::F32, Sight::All).unwrap(),
        Pool::Mean(None),
    );
    let rows = random(5, 7 * 90 * 64, 1.0);
    let all = [90, 61, 33, 90, 14, 2, 70];
    for threads in [1, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for count in [1, 2, 3, 7] {
            let lengths = &all[..count];
            let rows = &rows[..lengths.iter().sum::<usize>() * 64];
            let batch = Batch { rows: Rows::Tokens(rows), lengths, ends: None };
            let expected = tower.texts(batch);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        let found = tower.images_on(&pool, batch);
                        let worst = worst_difference(&found, &expected);
                        assert!(worst < 1e-4, "{threads} threads, {count} sequences: {worst}");
                    });
                }
            });
        }
    }
}

#[test]
fn products_do_not_depend_on_how_rows_are_tiled() {
    let kernels = kernels::kernels();
    for precision in [Precision::F32, Precision::Int8] {
        let product = Product::pack(&random(1, 45 * 37, 1.0), &random(2, 45, 1.0), 37, precision);
        let mut input = Matrix::default();
        input.shape(29, 37);
        for row in 0..29 {
            input.row_mut(row).copy_from_slice(&random(row as u64 + 3, 37, 1.0));
        }
        let mut operand = transformer::Operand::default();
        let mut all = Matrix::default();
        all.shape(29, 45);
        let ready = operand.prepare(kernels, &input, None, precision);
        product.apply(kernels, ready, 29, kernels::Finish::Store, &mut all);
        for row in 0..29 {
            let mut one = Matrix::default();
            one.shape(1, 37);
            one.row_mut(0).copy_from_slice(input.row(row));
            let mut out = Matrix::default();
            out.shape(1, 45);
            let ready = operand.prepare(kernels, &one, None, precision);
            product.apply(kernels, ready, 1, kernels::Finish::Store, &mut out);
            assert_eq!(out.row(0), all.row(row), "{precision:?}");
        }
    }
}

/// Inside polite work everything stays on its one thread, whatever else is used
/// to sharing work out.
#[test]
fn polite_work_stays_on_one_thread() {
    let (id, name) = super::politely(|| {
        let here = std::thread::current();
        assert_eq!(rayon::current_num_threads(), 1);
        let again = super::on_threads(|| std::thread::current().id());
        assert_eq!(again, here.id());
        (here.id(), here.name().map(str::to_owned))
    });
    assert_eq!(name.as_deref(), Some("embed-politely"));
    assert_eq!(super::politely(|| std::thread::current().id()), id);
    assert_ne!(super::on_threads(|| std::thread::current().id()), id);
}
