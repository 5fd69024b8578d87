#pragma once
// How a convolution of few channels lays out its memory; shared by packing and running.
#include "ckernels.h"

typedef struct {
  int taps;                            // places of the kernel in all channels
  int rows, columns;                   // of a padded channel; columns of each remainder of the stride
  int strip;                           // rows of the image whose gradient is computed together
  int gradient_columns;                // of a padded plane of the gradient
  size_t offsets, padded, planes, forward_count, backward_count;  // in floats
} shallow_layout;

static inline shallow_layout shallow_plan(const ck_window *w, int filters) {
  shallow_layout l;
  l.taps = w->channels * w->kernel_height * w->kernel_width;
  l.rows = (w->out_height - 1) * w->stride_height + (w->kernel_height - 1) * w->dilation_height + 1;
  l.columns = w->out_width + (w->kernel_width - 1) * w->dilation_width / w->stride_width;
  l.offsets = 0;
  l.padded = ((size_t)l.taps + 15) / 16 * 16;
  l.forward_count = l.padded + (size_t)w->channels * l.rows * w->stride_width * l.columns;
  l.planes = 0;
  // The planes reach as far as the windows of all pixels, and as far as the outputs.
  const int reach = w->kernel_width - 1 - w->pad_left + w->out_width;
  l.gradient_columns = w->width + w->kernel_width - 1;
  if (l.gradient_columns < reach) l.gradient_columns = reach;
  // Strips whose planes fit into a core's second cache.
  const int fit = (1 << 16) / (filters * l.gradient_columns) - w->kernel_height + 1;
  l.strip = w->height;
  if (fit < w->height) l.strip = fit < 8 ? 8 : fit / 8 * 8;
  l.backward_count = (size_t)filters * (l.strip + w->kernel_height - 1) * l.gradient_columns;
  return l;
}

// Where each place of the kernel lies in the prepared image, from an output's first one.
static inline void shallow_offsets(const ck_window *w, const shallow_layout *l, int32_t *offsets) {
  for (int c = 0; c < w->channels; c++)
    for (int ky = 0; ky < w->kernel_height; ky++)
      for (int kx = 0; kx < w->kernel_width; kx++) {
        const int column = kx * w->dilation_width, sx = w->stride_width;
        *offsets++ = ((c * l->rows + ky * w->dilation_height) * sx + column % sx) * l->columns + column / sx;
      }
}
