// SPDX-License-Identifier: GPL-2.0

// echo serve PORT | talk ADDRESS PORT BYTES: the Go runtime makes its system
// calls itself, so no preload reaches it. The client compares the sums of what it
// sends and what comes back, by several connections at once.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

const connections = 4

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func serve(port string) {
	listener, err := net.Listen("tcp", ":"+port)
	check(err)
	for {
		conn, err := listener.Accept()
		check(err)
		go func() {
			defer conn.Close()
			// on Linux by splice(2), from the socket and back into it
			_, err := io.Copy(conn, conn)
			check(err)
		}()
	}
}

func talk(address string, size int) error {
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		return err
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, bytes.NewReader(data))
		if err == nil {
			err = conn.(*net.TCPConn).CloseWrite()
		}
		sent <- err
	}()
	sum := sha256.New()
	n, err := io.Copy(sum, conn)
	if err == nil {
		err = <-sent
	}
	if err != nil {
		return err
	}
	want := sha256.Sum256(data)
	if n != int64(size) || !bytes.Equal(sum.Sum(nil), want[:]) {
		return fmt.Errorf("%d bytes came back, not what was sent", n)
	}
	return nil
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "talk":
		size, err := strconv.Atoi(os.Args[4])
		check(err)
		results := make(chan error)
		for i := 0; i < connections; i++ {
			go func() {
				results <- talk(net.JoinHostPort(os.Args[2], os.Args[3]), size/connections)
			}()
		}
		for i := 0; i < connections; i++ {
			check(<-results)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: echo serve PORT | talk ADDRESS PORT BYTES")
		os.Exit(2)
	}
}
