// Direct convolution in float32 for one core: forward, gradient by the input, gradient by the weights.
//
// Layout: x [images, height, width, channels], w [kernel height, kernel width, channels, outputs]. In this layout one
// row of the kernel meets one contiguous run of kernel width * channels inputs, so no matrix of patches is built: a
// tile of P pixels x V vectors of outputs stays in registers while the run streams past. One padded image at a time
// stays in the second-level cache. The width of a vector follows the instruction set this file is compiled for.
//
// Only this file's own buffers are written; scratch belongs to the calling thread, so any number of threads may call.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "xla/ffi/api/ffi.h"

namespace {

namespace ffi = xla::ffi;

#if defined(__AVX512F__)
constexpr long kLanes = 16;
constexpr int kTile = 28;  // accumulators: 32 registers less two weights and one broadcast
#elif defined(__AVX__)
constexpr long kLanes = 8;
constexpr int kTile = 12;  // 16 registers
#else
constexpr long kLanes = 4;
constexpr int kTile = 12;
#endif
constexpr int kWide = 2;                // vectors of outputs in a usual tile
constexpr long kFirstCacheFloats = 6144;  // 24 KiB: half of a first-level cache of 48 KiB, three quarters of 32 KiB

using Vec = float __attribute__((vector_size(4 * kLanes)));
using Loose = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

inline Vec load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<Loose*>(to) = value; }
inline long up(long value, long step) { return (value + step - 1) / step * step; }
inline long least(long a, long b) { return a < b ? a : b; }
inline long most(long a, long b) { return a > b ? a : b; }

// Memory of one thread that grows to the largest call and is given back when the thread ends.
class Scratch {
 public:
  ~Scratch() { std::free(memory_); }
  float* take(long floats) {
    if (floats > size_) {
      std::free(memory_);
      size_ = 0;
      memory_ = static_cast<float*>(std::aligned_alloc(64, up(4 * floats, 64)));
      if (memory_ == nullptr) throw std::bad_alloc();
      size_ = floats;
    }
    return memory_;
  }

 private:
  float* memory_ = nullptr;
  long size_ = 0;
};
thread_local Scratch image_scratch, weight_scratch, sum_scratch, turned_scratch;

// ---- the register tile of forward and input gradient ----

// What all tiles of one block of outputs share.
struct Block {
  long pixel, line;         // steps of the input in floats: one output pixel, one row of the kernel
  const float* weights;     // [taps][run][V * kLanes]
  long taps, run;           // rows of the kernel, contiguous inputs a row
  const float* bias;        // [V * kLanes], or null
  bool relu;
  long out_pixel, outputs;  // step of the output in floats; real outputs of this block
};

template <int P, int V>
void run_tile(const Block& block, const float* in, float* out) {
  Vec sum[P][V];
  for (int v = 0; v < V; v++) {
    const Vec start = block.bias == nullptr ? Vec{} : load(block.bias + v * kLanes);
    for (int p = 0; p < P; p++) sum[p][v] = start;
  }
  const float* w = block.weights;
  const long pixel = block.pixel;
  for (long tap = 0; tap < block.taps; tap++) {
    const float* from = in + tap * block.line;
    for (long q = 0; q < block.run; q++, from++, w += V * kLanes) {
      Vec weight[V];
      for (int v = 0; v < V; v++) weight[v] = load(w + v * kLanes);
#pragma GCC unroll 28
      for (int p = 0; p < P; p++) {
        const float value = from[p * pixel];
        for (int v = 0; v < V; v++) sum[p][v] += value * weight[v];
      }
    }
  }
  for (int p = 0; p < P; p++) {
    float* to = out + p * block.out_pixel;
    for (int v = 0; v < V; v++) {
      Vec value = sum[p][v];
      if (block.relu) value = value < 0.0f ? Vec{} : value;  // NaN stays NaN
      const long left = block.outputs - v * kLanes;
      if (left >= kLanes) {
        store(to + v * kLanes, value);
      } else if (left > 0) {
        std::memcpy(to + v * kLanes, &value, 4 * left);
      }
    }
  }
}

using Tile = void (*)(const Block&, const float*, float*);
struct Tiles {
  Tile of[kTile];
};
template <int V, int... P>
constexpr Tiles list_tiles(std::integer_sequence<int, P...>) {
  return {{run_tile<P + 1, V>...}};
}
template <int V>
constexpr Tiles kTiles = list_tiles<V>(std::make_integer_sequence<int, kTile / V>());

// A correlation of one image: out[y][x][o] = bias[o] + sum over tap, q of in[y][x][tap][q] * weights[tap][q][o].
struct Job {
  long rows, cols, channels;
  long pixel, row, line;  // steps of the input: one output pixel, one output row, one row of the kernel
  long out_pixel, out_row;
  long taps, run;
  bool relu;
};

inline long block_vectors(long vectors) { return vectors >= kWide ? kWide : 1; }

// Weights [taps * run][outputs] as blocks of one or two vectors, missing outputs zero.
void pack_weights(const float* from, long depth, long outputs, float* to) {
  for (long first = 0; first < outputs;) {
    const long width = block_vectors((outputs - first + kLanes - 1) / kLanes) * kLanes;
    const long real = least(width, outputs - first);
    for (long q = 0; q < depth; q++, to += width) {
      std::memcpy(to, from + q * outputs + first, 4 * real);
      if (real < width) std::memset(to + real, 0, 4 * (width - real));
    }
    first += width;
  }
}

void correlate(const Job& job, const float* in, const float* weights, const float* bias, float* out) {
  long rows = job.rows, cols = job.cols;
  if (job.taps == 1 && job.row == cols * job.pixel && job.out_row == cols * job.out_pixel) {
    cols *= rows;  // a matrix product: rows need no border between them
    rows = 1;
  }
  for (long first = 0; first < job.channels;) {
    const long vectors = block_vectors((job.channels - first + kLanes - 1) / kLanes);
    const long width = vectors * kLanes;
    Block block{job.pixel, job.line, weights, job.taps, job.run, bias == nullptr ? nullptr : bias + first,
                job.relu, job.out_pixel, least(width, job.channels - first)};
    const Tile* tiles = vectors == 1 ? kTiles<1>.of : kTiles<kWide>.of;
    const long pieces = (cols + kTile / vectors - 1) / (kTile / vectors);
    for (long y = 0; y < rows; y++) {
      const float* from = in + y * job.row;
      float* to = out + y * job.out_row + first;
      for (long piece = 0, x = 0; piece < pieces; piece++) {  // pieces of nearly equal size
        const long size = (cols - x) / (pieces - piece);
        tiles[size - 1](block, from + x * job.pixel, to + x * job.out_pixel);
        x += size;
      }
    }
    weights += job.taps * job.run * width;
    first += width;
  }
}

// ---- the register tile of the weight gradient ----

struct Rows {
  long pixel, row, line;  // steps of the input: one output pixel, one output row, one row of the kernel
  long d_pixel, d_row;    // steps of the output's gradient
  long rows, cols;
};

// sum[q][o] += over all pixels of x[pixel][q] * d[pixel][o]; few sums are kept U-fold, to hide the adder's latency.
template <int Q, int V>
void run_weight_tile(const Rows& over, const float* x, const float* d, float* sum, long step) {
  constexpr int U = Q * V >= 8 ? 1 : Q * V >= 4 ? 2 : 4;
  Vec total[U][Q][V];
  for (int u = 0; u < U; u++)
    for (int q = 0; q < Q; q++)
      for (int v = 0; v < V; v++) total[u][q][v] = u == 0 ? load(sum + q * step + v * kLanes) : Vec{};
  for (long y = 0; y < over.rows; y++) {
    const float* from = x + y * over.row;
    const float* slope = d + y * over.d_row;
    long left = over.cols;
    for (; left >= U; left -= U) {
      for (int u = 0; u < U; u++, from += over.pixel, slope += over.d_pixel) {
        Vec factor[V];
        for (int v = 0; v < V; v++) factor[v] = load(slope + v * kLanes);
#pragma GCC unroll 28
        for (int q = 0; q < Q; q++) {
          const float value = from[q];
          for (int v = 0; v < V; v++) total[u][q][v] += value * factor[v];
        }
      }
    }
    for (; left > 0; left--, from += over.pixel, slope += over.d_pixel)
      for (int q = 0; q < Q; q++)
        for (int v = 0; v < V; v++) total[0][q][v] += from[q] * load(slope + v * kLanes);
  }
  for (int q = 0; q < Q; q++)
    for (int v = 0; v < V; v++) {
      Vec all = total[0][q][v];
      for (int u = 1; u < U; u++) all += total[u][q][v];
      store(sum + q * step + v * kLanes, all);
    }
}

using WeightTile = void (*)(const Rows&, const float*, const float*, float*, long);
struct WeightTiles {
  WeightTile of[kTile];
};
template <int V, int... Q>
constexpr WeightTiles list_weight_tiles(std::integer_sequence<int, Q...>) {
  return {{run_weight_tile<Q + 1, V>...}};
}
template <int V>
constexpr WeightTiles kWeightTiles = list_weight_tiles<V>(std::make_integer_sequence<int, kTile / V>());

// sum [taps][run][step] += the share of one image; a few rows at a time, so that they are read from the first cache.
void correlate_weights(const Rows& image, long taps, long run, long outputs, const float* x, const float* d,
                       float* sum, long step) {
  const long floats_a_row = image.row + image.d_row;
  const long chunk = most(1, least(image.rows, kFirstCacheFloats / most(1, floats_a_row)));
  for (long top = 0; top < image.rows; top += chunk) {
    Rows over = image;
    over.rows = least(chunk, image.rows - top);
    for (long first = 0; first < outputs;) {
      const long vectors = block_vectors((outputs - first + kLanes - 1) / kLanes);
      const WeightTile* tiles = vectors == 1 ? kWeightTiles<1>.of : kWeightTiles<kWide>.of;
      const long pieces = (run + kTile / vectors - 1) / (kTile / vectors);
      for (long tap = 0; tap < taps; tap++) {
        for (long piece = 0, q = 0; piece < pieces; piece++) {
          const long size = (run - q) / (pieces - piece);
          const float* from = x + top * image.row + tap * image.line + q;
          float* to = sum + (tap * run + q) * step + first;
          tiles[size - 1](over, from, d + top * image.d_row + first, to, step);
          q += size;
        }
      }
      first += vectors * kLanes;
    }
  }
}

// ---- whole calls ----

// The sizes of one convolution, from the operands and attributes of the call.
struct Sizes {
  long images, height, width, channels;  // of x
  long kernel_h, kernel_w, outputs;
  long out_h, out_w;
  long stride, top, left;  // step between windows; zeros above and to the left of the image
};

// One image with zeros around it; the image itself where none are needed.
class Padded {
 public:
  Padded(const Sizes& s) : source_row_(s.width * s.channels), source_rows_(s.height) {
    const long tall = most((s.out_h - 1) * s.stride + s.kernel_h, s.top + s.height);
    const long wide = most((s.out_w - 1) * s.stride + s.kernel_w, s.left + s.width);
    is_copy_ = tall != s.height || wide != s.width;
    row_ = wide * s.channels;
    if (!is_copy_) return;
    inner_ = s.top * row_ + s.left * s.channels;
    memory_ = image_scratch.take(tall * row_);
    std::memset(memory_, 0, 4 * tall * row_);
  }
  long row() const { return row_; }
  const float* fill(const float* image) {
    if (!is_copy_) return image;
    for (long y = 0; y < source_rows_; y++)
      std::memcpy(memory_ + inner_ + y * row_, image + y * source_row_, 4 * source_row_);
    return memory_;
  }

 private:
  long source_row_, source_rows_, row_ = 0, inner_ = 0;
  bool is_copy_ = false;
  float* memory_ = nullptr;
};

void forward(const Sizes& s, const float* x, const float* w, const float* bias, bool relu, float* y) {
  const long padded_outputs = up(s.outputs, kLanes), depth = s.kernel_h * s.kernel_w * s.channels;
  float* packed = weight_scratch.take(depth * padded_outputs);
  pack_weights(w, depth, s.outputs, packed);
  float* start = sum_scratch.take(padded_outputs);
  std::memset(start, 0, 4 * padded_outputs);
  std::memcpy(start, bias, 4 * s.outputs);
  Padded padded(s);
  const Job job{s.out_h, s.out_w, s.outputs, s.stride * s.channels, s.stride * padded.row(), padded.row(), s.outputs,
                s.out_w * s.outputs, s.kernel_h, s.kernel_w * s.channels, relu};
  for (long n = 0; n < s.images; n++) {
    const float* in = padded.fill(x + n * s.height * s.width * s.channels);
    correlate(job, in, packed, start, y + n * s.out_h * s.out_w * s.outputs);
  }
}

// The input pixels along one axis that meet the same rows of the kernel: input = index * stride + first - pad.
struct Phase {
  long taps, begin, end;  // rows of the kernel met; range of index
  Phase(long first, long kernel, long stride, long pad, long size)
      : taps(kernel > first ? (kernel - first + stride - 1) / stride : 0),
        begin(pad > first ? (pad - first + stride - 1) / stride : 0),
        end(size + pad > first ? (size + pad - first + stride - 1) / stride : 0) {}
};

// Weights of one phase, turned by half a circle and with inputs and outputs exchanged: [taps][taps * outputs][channels].
void turn_weights(const Sizes& s, const float* w, long first_y, long first_x, long taps_y, long taps_x, float* to) {
  for (long ty = 0; ty < taps_y; ty++)
    for (long tx = 0; tx < taps_x; tx++) {
      const long ky = first_y + s.stride * (taps_y - 1 - ty), kx = first_x + s.stride * (taps_x - 1 - tx);
      const float* from = w + (ky * s.kernel_w + kx) * s.channels * s.outputs;
      for (long o = 0; o < s.outputs; o++)
        for (long c = 0; c < s.channels; c++) *to++ = from[c * s.outputs + o];
    }
}

// dst[i] = d[i] where y[i] is above 0 (all of d where there was no rectifier).
void copy_slopes(const float* d, const float* y, long size, float* to) {
  if (y == nullptr) {
    std::memcpy(to, d, 4 * size);
    return;
  }
  for (long i = 0; i < size; i++) to[i] = y[i] > 0.0f ? d[i] : 0.0f;
}

// dx: the same correlation on the gradient with zeros around it, once for each phase of the stride.
void input_gradient(const Sizes& s, const float* d, const float* y, const float* w, float* dx) {
  const long reach_y = (s.kernel_h + s.stride - 1) / s.stride, reach_x = (s.kernel_w + s.stride - 1) / s.stride;
  const long before_y = reach_y - 1, before_x = reach_x - 1;
  const long tall = before_y + most(s.out_h, (s.height + s.top) / s.stride + 1);
  const long wide = before_x + most(s.out_w, (s.width + s.left) / s.stride + 1);
  const long row = wide * s.outputs;
  float* slopes = image_scratch.take(tall * row);
  std::memset(slopes, 0, 4 * tall * row);
  const long packed_channels = up(s.channels, kLanes);
  const long largest = reach_y * reach_x * s.outputs * packed_channels;
  float* turned = turned_scratch.take(reach_y * reach_x * s.outputs * s.channels);
  float* packed = weight_scratch.take(s.stride * s.stride * largest);
  for (long fy = 0; fy < s.stride; fy++)
    for (long fx = 0; fx < s.stride; fx++) {
      const Phase py(fy, s.kernel_h, s.stride, s.top, s.height), px(fx, s.kernel_w, s.stride, s.left, s.width);
      turn_weights(s, w, fy, fx, py.taps, px.taps, turned);
      pack_weights(turned, py.taps * px.taps * s.outputs, s.channels, packed + (fy * s.stride + fx) * largest);
    }
  const long out_size = s.out_h * s.out_w * s.outputs, out_row = s.out_w * s.outputs;
  for (long n = 0; n < s.images; n++) {
    for (long oy = 0; oy < s.out_h; oy++)
      copy_slopes(d + n * out_size + oy * out_row, y == nullptr ? nullptr : y + n * out_size + oy * out_row,
                  out_row, slopes + (before_y + oy) * row + before_x * s.outputs);
    float* image = dx + n * s.height * s.width * s.channels;
    for (long fy = 0; fy < s.stride; fy++)
      for (long fx = 0; fx < s.stride; fx++) {
        const Phase py(fy, s.kernel_h, s.stride, s.top, s.height), px(fx, s.kernel_w, s.stride, s.left, s.width);
        if (py.end <= py.begin || px.end <= px.begin) continue;
        const Job job{py.end - py.begin, px.end - px.begin, s.channels, s.outputs, row, row, s.stride * s.channels,
                      s.stride * s.width * s.channels, py.taps, px.taps * s.outputs, false};
        const float* in = slopes + (py.begin + before_y - py.taps + 1) * row +
                          (px.begin + before_x - px.taps + 1) * s.outputs;
        float* to = image + ((py.begin * s.stride + fy - s.top) * s.width + px.begin * s.stride + fx - s.left) *
                                s.channels;
        correlate(job, in, packed + (fy * s.stride + fx) * largest, nullptr, to);
      }
  }
}

void weight_gradient(const Sizes& s, const float* x, const float* d, const float* y, float* dw, float* db) {
  const long depth = s.kernel_h * s.kernel_w * s.channels, step = up(s.outputs, kLanes);
  const long pixels = s.out_h * s.out_w;
  float* sum = sum_scratch.take((depth + 1) * step);
  std::memset(sum, 0, 4 * (depth + 1) * step);
  float* bias_sum = sum + depth * step;
  float* slopes = turned_scratch.take(pixels * step);
  std::memset(slopes, 0, 4 * pixels * step);
  Padded padded(s);
  const Rows over{s.stride * s.channels, s.stride * padded.row(), padded.row(), step, s.out_w * step, s.out_h, s.out_w};
  for (long n = 0; n < s.images; n++) {
    const long offset = n * pixels * s.outputs;
    if (step == s.outputs) {
      copy_slopes(d + offset, y == nullptr ? nullptr : y + offset, pixels * s.outputs, slopes);
    } else {
      for (long p = 0; p < pixels; p++)
        copy_slopes(d + offset + p * s.outputs, y == nullptr ? nullptr : y + offset + p * s.outputs, s.outputs,
                    slopes + p * step);
    }
    for (long first = 0; first < step; first += kLanes) {
      Vec total[4] = {load(bias_sum + first), Vec{}, Vec{}, Vec{}};
      long p = 0;
      for (; p + 4 <= pixels; p += 4)
        for (int u = 0; u < 4; u++) total[u] += load(slopes + (p + u) * step + first);
      for (; p < pixels; p++) total[0] += load(slopes + p * step + first);
      store(bias_sum + first, (total[0] + total[1]) + (total[2] + total[3]));
    }
    const float* image = padded.fill(x + n * s.height * s.width * s.channels);
    correlate_weights(over, s.kernel_h, s.kernel_w * s.channels, step, image, slopes, sum, step);
  }
  for (long q = 0; q < depth; q++) std::memcpy(dw + q * s.outputs, sum + q * step, 4 * s.outputs);
  std::memcpy(db, bias_sum, 4 * s.outputs);
}

// ---- the calls XLA makes ----

using Array = ffi::Buffer<ffi::F32, 4>;
using Row = ffi::Buffer<ffi::F32, 1>;
template <typename T>
using Result = ffi::Result<T>;

template <typename X, typename W, typename Y>
ffi::Error read_sizes(const X& x, const W& w, const Y& y, int64_t stride, int64_t top, int64_t left, Sizes* s) {
  *s = Sizes{x[0], x[1], x[2], x[3], w[0], w[1], w[3], y[1], y[2], stride, top, left};
  if (stride < 1 || top < 0 || left < 0 || w[2] != x[3] || y[0] != x[0] || y[3] != w[3])
    return ffi::Error::InvalidArgument("convolution: the shapes of the operands do not fit together");
  return ffi::Error::Success();
}

template <typename F>
ffi::Error guard(F&& call) {
  try {
    call();
  } catch (const std::bad_alloc&) {
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "convolution: no memory for one padded image");
  }
  return ffi::Error::Success();
}

ffi::Error call_forward(Array x, Array w, Row bias, Result<Array> y, int64_t stride, int64_t top, int64_t left,
                        bool relu) {
  Sizes s;
  const ffi::Error error = read_sizes(x.dimensions(), w.dimensions(), y->dimensions(), stride, top, left, &s);
  if (error.failure()) return error;
  return guard([&] { forward(s, x.typed_data(), w.typed_data(), bias.typed_data(), relu, y->typed_data()); });
}

ffi::Error call_input_gradient(Array d, Array y, Array w, Result<Array> dx, int64_t stride, int64_t top,
                               int64_t left, bool relu) {
  Sizes s;
  const ffi::Error error = read_sizes(dx->dimensions(), w.dimensions(), d.dimensions(), stride, top, left, &s);
  if (error.failure()) return error;
  const float* kept = relu ? y.typed_data() : nullptr;
  return guard([&] { input_gradient(s, d.typed_data(), kept, w.typed_data(), dx->typed_data()); });
}

ffi::Error call_weight_gradient(Array x, Array d, Array y, Result<Array> dw, Result<Row> db, int64_t stride,
                                int64_t top, int64_t left, bool relu) {
  Sizes s;
  const ffi::Error error = read_sizes(x.dimensions(), dw->dimensions(), d.dimensions(), stride, top, left, &s);
  if (error.failure()) return error;
  const float* kept = relu ? y.typed_data() : nullptr;
  return guard(
      [&] { weight_gradient(s, x.typed_data(), d.typed_data(), kept, dw->typed_data(), db->typed_data()); });
}

}  // namespace

#define HELDOUT_SIZES .Attr<int64_t>("stride").Attr<int64_t>("top").Attr<int64_t>("left").Attr<bool>("relu")

XLA_FFI_DEFINE_HANDLER_SYMBOL(
    heldout_convolve, call_forward,
    ffi::Ffi::Bind().Arg<Array>().Arg<Array>().Arg<Row>().Ret<Array>() HELDOUT_SIZES);
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    heldout_convolve_dx, call_input_gradient,
    ffi::Ffi::Bind().Arg<Array>().Arg<Array>().Arg<Array>().Ret<Array>() HELDOUT_SIZES);
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    heldout_convolve_dw, call_weight_gradient,
    ffi::Ffi::Bind().Arg<Array>().Arg<Array>().Arg<Array>().Ret<Array>().Ret<Row>() HELDOUT_SIZES);
