/** Environment → one frozen Config. The only file that reads `process.env`. */
