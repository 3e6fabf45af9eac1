// A decoder that runs in the browser: unpacks the bytes of training/latent/packed_decoder.py once for each model and keeps
// it where other components find it, under `elboLabDecoders`, by its name. Nothing is drawn here.

const KEPT = 4;
const NAME_BYTES = 64;

export default function ({ data }) {
  const decoders = (globalThis.elboLabDecoders ??= new Map());
  const bytes = new Uint8Array(data); // a copy: floats must begin at a multiple of four bytes
  const name = new TextDecoder().decode(bytes.subarray(0, NAME_BYTES));
  if (decoders.has(name)) return;
  if (decoders.size >= KEPT) decoders.delete(decoders.keys().next().value);
  decoders.set(name, decoderOf(bytes.buffer));
  document.dispatchEvent(new CustomEvent("elbo-lab-decoder", { detail: name }));
}

// (latent: Float32Array) => pixel means in 0..1: Float32Array
function decoderOf(buffer) {
  const count = new DataView(buffer).getUint32(NAME_BYTES, true);
  const widths = [];
  for (let i = 1; i <= count; i++) widths.push(new DataView(buffer).getUint32(NAME_BYTES + 4 * i, true));
  let at = NAME_BYTES + 4 * (count + 1);
  const floats = (length) => {
    const view = new Float32Array(buffer, at, length);
    at += 4 * length;
    return view;
  };
  const layers = [];
  for (let i = 1; i < count; i++) layers.push({ weight: floats(widths[i - 1] * widths[i]), bias: floats(widths[i]) });
  return (latent) => {
    let values = latent;
    layers.forEach((layer, i) => (values = linear(layer, values, i + 1 === layers.length ? sigmoid : elu)));
    return values;
  };
}

function linear({ weight, bias }, input, activation) {
  const output = new Float32Array(bias.length);
  for (let row = 0, w = 0; row < bias.length; row++) {
    let sum = bias[row];
    for (let column = 0; column < input.length; column++) sum += weight[w++] * input[column];
    output[row] = activation(sum);
  }
  return output;
}

const elu = (x) => (x > 0 ? x : Math.expm1(x));
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
