// Convolutions as matrix products: windows to columns and back.
#include "ckernels.h"
#include <string.h>

// The outputs whose window position k falls inside [0, size): *low ..< *high.
static void inside(int pad, int k, int dilation, int stride, int size, int count, int *low,
                   int *high) {
  const int offset = k * dilation - pad;
  int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int end = size - offset <= 0 ? 0 : (size - offset + stride - 1) / stride;
  *low = first < count ? first : count;
  *high = end < count ? end : count;
  if (*high < *low) *high = *low;
}

// One row of the matrix: channel `c` of the image at place (ky, kx) of the kernel.
static void column_row(const ck_window *w, const float *image, int ky, int kx, float *row) {
  const int oh = w->out_height, ow = w->out_width, sx = w->stride_width;
  int y0, y1, x0, x1;
  inside(w->pad_top, ky, w->dilation_height, w->stride_height, w->height, oh, &y0, &y1);
  inside(w->pad_left, kx, w->dilation_width, sx, w->width, ow, &x0, &x1);
  memset(row, 0, (size_t)y0 * ow * sizeof(float));
  for (int y = y0; y < y1; y++) {
    float *to = row + (size_t)y * ow;
    const float *from = image + (size_t)(y * w->stride_height - w->pad_top + ky * w->dilation_height) * w->width +
                        (x0 * sx - w->pad_left + kx * w->dilation_width);
    for (int x = 0; x < x0; x++) to[x] = 0;
    if (sx == 1) memcpy(to + x0, from, (size_t)(x1 - x0) * sizeof(float));
    else if (sx == 2) for (int x = x0; x < x1; x++) to[x] = from[(size_t)(x - x0) * 2];
    else for (int x = x0; x < x1; x++) to[x] = from[(size_t)(x - x0) * sx];
    for (int x = x1; x < ow; x++) to[x] = 0;
  }
  memset(row + (size_t)y1 * ow, 0, (size_t)(oh - y1) * ow * sizeof(float));
}

void ck_im2col(const ck_window *w, const float *image, float *columns) {
  for (int c = 0; c < w->channels; c++, image += (size_t)w->height * w->width)
    for (int ky = 0; ky < w->kernel_height; ky++)
      for (int kx = 0; kx < w->kernel_width; kx++, columns += (size_t)w->out_height * w->out_width)
        column_row(w, image, ky, kx, columns);
}

void ck_im2col_packed(const ck_window *w, const float *image, float *packed, float *row) {
  const size_t pixels = (size_t)w->out_height * w->out_width;
  const size_t panel = (size_t)w->channels * w->kernel_height * w->kernel_width * 32;
  for (int c = 0; c < w->channels; c++, image += (size_t)w->height * w->width)
    for (int ky = 0; ky < w->kernel_height; ky++)
      for (int kx = 0; kx < w->kernel_width; kx++, packed += 32) {
        column_row(w, image, ky, kx, row);
        float *to = packed;
        size_t p = 0;
        for (; p + 32 <= pixels; p += 32, to += panel) memcpy(to, row + p, 32 * sizeof(float));
        if (p == pixels) continue;
        memset(to, 0, 32 * sizeof(float));
        memcpy(to, row + p, (pixels - p) * sizeof(float));
      }
}

void ck_col2im(const ck_window *w, const float *columns, float *image) {
  const int oh = w->out_height, ow = w->out_width, sx = w->stride_width;
  const size_t plane = (size_t)w->height * w->width;
  for (int c = 0; c < w->channels; c++, image += plane)
    for (int ky = 0; ky < w->kernel_height; ky++) {
      int y0, y1;
      inside(w->pad_top, ky, w->dilation_height, w->stride_height, w->height, oh, &y0, &y1);
      for (int kx = 0; kx < w->kernel_width; kx++, columns += (size_t)oh * ow) {
        int x0, x1;
        inside(w->pad_left, kx, w->dilation_width, sx, w->width, ow, &x0, &x1);
        for (int y = y0; y < y1; y++) {
          const float *from = columns + (size_t)y * ow;
          float *to = image + (size_t)(y * w->stride_height - w->pad_top + ky * w->dilation_height) * w->width +
                      (x0 * sx - w->pad_left + kx * w->dilation_width);
          if (sx == 1) for (int x = x0; x < x1; x++) to[x - x0] += from[x];
          else if (sx == 2) for (int x = x0; x < x1; x++) to[(size_t)(x - x0) * 2] += from[x];
          else for (int x = x0; x < x1; x++) to[(size_t)(x - x0) * sx] += from[x];
        }
      }
    }
}
