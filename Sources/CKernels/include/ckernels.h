#pragma once
// The hot loops. Written once in clang vector extensions (*.inc), compiled for AVX-512, AVX2 and
// portably, chosen at run time. AVX-512 and AVX2 give the same bits. All pointers are to floats in
// row-major order; scratch memory is aligned to 64 bytes. Nothing here allocates.
#include <stddef.h>
#include <stdint.h>

enum { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2 };

/// The instruction set in use.
int ck_instruction_set(void);
/// Uses at most this instruction set on this thread from now on; for tests. Returns the one chosen.
int ck_limit_instruction_set(int limit);
/// What a thread does that looks at a place in memory again and again: gives way for a moment.
static inline void ck_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Elementwise -------------------------------------------------------------------------------------
/// y[i] += x[i]
void ck_add(float *y, const float *x, size_t n);
/// y[i] = max(x[i], 0), NaN stays; y may be x
void ck_relu(float *y, const float *x, size_t n);
/// dx[i] = y[i] > 0 ? dy[i] : 0; dx may be dy
void ck_relu_gradient(float *dx, const float *dy, const float *y, size_t n);
/// What ck_relu_gradient needs to know of y, in a bit each: (n + 15) / 16 words.
void ck_keep_signs(uint16_t *signs, const float *y, size_t n);
/// dx[i] = y[i] > 0 ? dy[i] : 0 for the y of these signs; dx may be dy
void ck_apply_signs(float *dx, const float *dy, const uint16_t *signs, size_t n);
/// sums[r] += the sum of x[r][0 ..< n]
void ck_add_row_sums(float *sums, const float *x, size_t rows, size_t n);
/// For each of n blocks of `channels` runs of `inner`: y = x * scale[channel] + shift[channel]
void ck_affine(float *y, const float *x, const float *scale, const float *shift, size_t n,
               size_t channels, size_t inner);

// Sums over examples ------------------------------------------------------------------------------
/// The sum of x[i] y[i] in double precision; the same bits on every machine.
double ck_dot(const float *x, const float *y, size_t n);
/// c[m x n] += the sum over k < count, in order, of g[k][m] a[k][n], rows of g `ldg` apart.
void ck_add_outer_products(float *c, const float *g, size_t ldg, const float *a, size_t m, size_t n,
                           size_t count);
/// c[m x n] += a[m x k] * b[n x k]^T; an element's bits depend on its two rows alone.
void ck_add_row_products(float *c, const float *a, const float *b, size_t m, size_t n, size_t k);

// Random numbers ----------------------------------------------------------------------------------
/// Numbers `4 * block ...` of the Philox stream (seed, high, middle); see RandomKey in Swift.
void ck_random_bits(uint32_t *out, size_t n, uint64_t seed, uint32_t high, uint64_t middle,
                    uint64_t block);
/// The same numbers as standard normals (Box-Muller, IEEE operations only).
void ck_normals(float *out, size_t n, uint64_t seed, uint32_t high, uint64_t middle,
                uint64_t block);
/// y[i] = x[i] + z[i] * (scales ? scales[i] : scale), z the same normals, or Laplace numbers of scale 1;
/// y may be x.
void ck_add_noise(float *y, const float *x, size_t n, int laplace, float scale,
                  const float *scales, uint64_t seed, uint32_t high, uint64_t middle,
                  uint64_t block);

/// Standard normals in double precision from n uniform words (Box-Muller, IEEE operations only). Words
/// go in blocks of 16, the first 8 of which are radii and the others angles: `bits` holds n rounded up
/// to a multiple of 16. |z| < 8.58.
void ck_wide_normals(double *out, const uint64_t *bits, size_t n);

// Matrix product with a packed right side -----------------------------------------------------------
/// Floats that `ck_pack` writes for a k x n matrix.
size_t ck_packed_count(size_t k, size_t n);
/// Packs b, whose element (i, j) stands at b[i * row + j * column], in panels of 32 columns.
void ck_pack(const float *b, size_t k, size_t n, size_t row, size_t column, float *packed);
/// c[m x n] = a[m x k] * packed (+ bias[n]) (+ shift[m]) (then max(0, .) if relu). A row's bits do not
/// depend on m, nor a column's on n.
void ck_multiply(const float *a, size_t lda, size_t m, const float *packed, size_t k, size_t n,
                 const float *bias, const float *shift, int relu, float *c, size_t ldc);

// Convolution -----------------------------------------------------------------------------------------
typedef struct {
  int32_t channels, height, width;                    // of one image
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width, dilation_height, dilation_width;
  int32_t pad_top, pad_left;                          // less than none where a window begins inside
  int32_t out_height, out_width;
} ck_window;

/// columns[(channel, ky, kx)][oy * out_width + ox] = the image under the window, zero outside.
void ck_im2col(const ck_window *w, const float *image, float *columns);
/// The same matrix, packed as `ck_pack` would; `row` has room for out_height * out_width floats.
void ck_im2col_packed(const ck_window *w, const float *image, float *packed, float *row);
/// The adjoint: image += the columns, each value at the place it came from.
void ck_col2im(const ck_window *w, const float *columns, float *image);

/// A convolution with square kernel `kernel` (3 or 5) at `stride` 1, or of 3 x 3 at 2, or the adjoint of
/// one, by Winograd's F(4x4, r x r).
typedef struct {
  int32_t kernel, stride, adjoint;
  int32_t in_channels, in_height, in_width;
  int32_t out_channels, out_height, out_width;
  int32_t pad_top, pad_left;                          // zeros before x; of the adjoint, before dy
  int32_t group;                                      // images transformed together
  int32_t ties;                                       // equal neighbouring patches: equal bits, at stride 1
  int32_t refine;                                     // what kink follows, if any
} ck_winograd;
/// Tiles that meet the filters together, of as many images or of as many rows of one: enough to use what is
/// read of the filters, few enough to stay in cache.
enum { CK_WINOGRAD_TILES = 64 };
/// Outputs near the kink of a ReLU, or of a 2 x 2 maximum at stride 2, are computed directly.
enum { CK_REFINE_NONE = 0, CK_REFINE_ZEROS = 1, CK_REFINE_MAXIMA = 2 };
size_t ck_winograd_filter_count(const ck_winograd *w);
size_t ck_winograd_scratch_count(const ck_winograd *w);
/// Transforms weights [out][in][r][r], or for the adjoint [in][out][r][r] of the convolution with respect
/// to whose input it is the gradient. At stride 2 its pads are equal: 1 for a convolution that has none, and 0
/// for one that has one; other adjoints have pads of r - 1 less that convolution's. Only those of 32 outputs from
/// `first` on, a multiple of 32: parts of `filters` of their own.
void ck_winograd_pack(const ck_winograd *w, const float *weights, int first, float *filters);
/// Floats that `ck_winograd_pack_direct` writes: the weights, not for the adjoint, as a direct
/// computation reads them; aligned to 32 bytes.
size_t ck_winograd_direct_count(const ck_winograd *w);
void ck_winograd_pack_direct(const ck_winograd *w, const float *weights, float *direct);
/// Bytes from one window's places to the next, for this many channels.
size_t ck_winograd_place_stride(int channels);
/// y = the convolution (+ bias) (then max(0, .)). `direct` is read only where w->refine asks.
/// With `places`, where there are ties and not for the adjoint: y are the 2 x 2 maxima of that at stride 2, and
/// places[image][window][channel] says where each came from: 1 to 4, 0 where `relu` made it 0.
/// With `places` and the adjoint: x is the gradient of such maxima, of which `places` were left.
void ck_winograd_run(const ck_winograd *w, const float *x, const float *filters,
                     const float *direct, const float *bias, int relu, float *y, uint8_t *places,
                     size_t images, float *scratch);

/// Floats of scratch memory for calls of at most `images` images, aligned to 64 bytes.
size_t ck_winograd_weights_scratch_count(const ck_winograd *w, size_t images);
/// At stride 1: dw[out][in][r][r] = the gradient with respect to the weights, summed over images in order, or +=
/// if `adds`; db[out] likewise with respect to the biases, or null. `dy` is the gradient of what
/// `ck_winograd_run` yields, or of its maxima, whose `places` are then given. w->group is not read.
void ck_winograd_weights(const ck_winograd *w, const float *x, const float *dy,
                         const uint8_t *places, int adds, float *dw, float *db, size_t images,
                         float *scratch);

/// A convolution from few channels (1 to 4, say), directly. `w` has at least 16 outputs a row.
/// Floats of scratch memory, aligned to 64 bytes, forward or for the gradient.
size_t ck_shallow_scratch_count(const ck_window *w, int filters, int adjoint);
size_t ck_shallow_packed_count(const ck_window *w, int filters);
/// Packs weights [filters][channels][kh][kw] for `ck_shallow_run`, or `adjoint` for the gradient.
void ck_shallow_pack(const ck_window *w, const float *weights, int filters, int adjoint,
                     float *packed);
/// y = the convolution (+ bias[filters]) (then max(0, .)). With `choice`, which needs even extents of
/// the outputs: the 2 x 2 maxima of that at stride 2, and their places as `ck_max_pool` has them.
void ck_shallow_run(const ck_window *w, const float *x, const float *packed, const float *bias,
                    int filters, int relu, float *y, uint16_t *choice, size_t images,
                    float *scratch);
/// dx = the gradient with respect to x, overwritten: of y, or of the 2 x 2 maxima if their choice is
/// given. Needs a square kernel of 3, 5 or 7, no larger padding, stride and dilation 1, and images of at
/// least 8 x 16.
void ck_shallow_gradient(const ck_window *w, const float *dy, const uint16_t *choice,
                         const float *packed, int filters, float *dx, size_t images,
                         float *scratch);

// Pooling ---------------------------------------------------------------------------------------------
/// Maximum over windows; choice[i] = 1 + the position in the window of the first maximum, 0 where
/// `relu` and the maximum is not positive (then y[i] is 0). The window's channels are independent.
void ck_max_pool(const ck_window *w, const float *x, float *y, uint16_t *choice, int relu);
/// dx is overwritten.
void ck_max_pool_gradient(const ck_window *w, const float *dy, const uint16_t *choice, float *dx);
